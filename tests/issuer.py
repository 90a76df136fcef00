"""An identity provider (OpenID Connect): its own process with its own state, told over HTTP whom it knows and how to misbehave.

    python tests/issuer.py        prints {"listening": "http://127.0.0.1:PORT"}

    PUT  /-/people   {"vera@acme.example": {"sub": "u1", "name": "Vera", "email_verified": true, "amr": ["pwd"]}, ...}
    PUT  /-/faults   {"nonce": "other", "aud": "somebody-else", "iss": "...", "exp": -60, "without": ["sub"], ...}
    PUT  /-/rotate   {}        a new key signs from now on; the old one is published no longer
    GET  /-/seen     how often each address was asked for, and the last request for a sign-in

It keeps what a provider must: one code works once, for the client and the address it was given for, and only with the
proof of the challenge (PKCE) and the client's secret. Faults: claims put in by name (`exp` in seconds from now);
`without` leaves claims out; `key` "foreign" signs with a key that is not published, "none" does not sign, "hmac" signs
with the published key as if it were a shared secret; `deny` the person turns back; `token` a status that the token
address answers; `document` parts of the document to be told otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "accord", "word-of-the-client-4711"
COUNTED = ("/.well-known/openid-configuration", "/keys", "/token", "/authorize")


class Key:
    """A key pair with a name of its own."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = secrets.token_hex(4)

    def published(self) -> dict[str, Any]:
        """The public half, as JWK."""
        made = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {**made, "kid": self.kid, "use": "sig", "alg": "RS256"}


@dataclass
class Issuer:
    """What the provider knows."""

    key: Key = field(default_factory=Key)
    foreign: Key = field(default_factory=Key)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    address: str = ""

    def document(self) -> dict[str, Any]:
        """The well-known document."""
        parts = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }
        return parts | self.faults.get("document", {})

    def code_for(self, email: str, asked: dict[str, str]) -> str:
        """A code that works once."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "email": email}
        return code

    def token_for(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens of a code; None where client, address or proof are not those it was given for."""
        asked = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if (
            asked is None
            or form.get("client_id") != CLIENT
            or form.get("client_secret") != SECRET
            or form.get("redirect_uri") != asked["redirect_uri"]
            or asked.get("code_challenge_method") != "S256"
            or challenge != asked.get("code_challenge")
        ):
            return None
        return {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.signed(asked),
        }

    def signed(self, asked: dict[str, str]) -> str:
        """The ID token of a person."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce", ""),
            "email": asked["email"],
            **self.people[asked["email"]],
        }
        wrong = {name: word for name, word in self.faults.items() if name not in NO_CLAIMS}
        if "exp" in wrong:
            wrong |= {"exp": now + wrong["exp"], "iat": now + wrong["exp"] - 300}
        claims |= wrong
        for name in self.faults.get("without", ()):
            claims.pop(name, None)
        how = self.faults.get("key")
        head = {"kid": self.key.kid}
        if how == "none":
            return jwt.encode(claims, key=None, algorithm="none", headers=head)
        if how == "hmac":
            return self.confused(claims)
        key = self.foreign if how == "foreign" else self.key
        return jwt.encode(claims, key.private, algorithm="RS256", headers=head)

    def confused(self, claims: dict[str, Any]) -> str:
        """A token signed by HMAC with the published key for a secret."""
        pem = self.key.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        parts = [{"alg": "HS256", "typ": "JWT", "kid": self.key.kid}, claims]
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        mark = base64.urlsafe_b64encode(hmac.new(pem, text, hashlib.sha256).digest()).rstrip(b"=")
        return (text + b"." + mark).decode()


NO_CLAIMS = {"without", "key", "deny", "token", "document"}
ISSUER = Issuer()


class Door(BaseHTTPRequestHandler):
    """The provider's addresses."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""

    def do_GET(self) -> None:
        path, asked = self._asked()
        if path == "/.well-known/openid-configuration":
            self._json(ISSUER.document())
        elif path == "/keys":
            self._json({"keys": [ISSUER.key.published()]})
        elif path == "/authorize":
            ISSUER.seen["asked"] = asked
            self._html(asked)
        elif path == "/-/seen":
            self._json(ISSUER.seen)
        else:
            self._json({}, 404)

    def do_POST(self) -> None:
        path, asked = self._asked()
        form = {name: words[0] for name, words in parse_qs(self._body().decode()).items()}
        if path == "/authorize":
            self._decide(asked, form.get("email", ""))
        elif path == "/token" and "token" in ISSUER.faults:
            self._json({"error": "server_error"}, ISSUER.faults["token"])
        elif path == "/token":
            tokens = ISSUER.token_for(form)
            self._json(tokens or {"error": "invalid_grant"}, 200 if tokens else 400)
        else:
            self._json({}, 404)

    def do_PUT(self) -> None:
        path, _asked = self._asked()
        told = json.loads(self._body() or b"{}")
        if path == "/-/people":
            ISSUER.people = told
        elif path == "/-/faults":
            ISSUER.faults = told
        elif path == "/-/rotate":
            ISSUER.key = Key()
        self._json({})

    def _decide(self, asked: dict[str, str], email: str) -> None:
        back = {"state": asked.get("state", "")}
        if ISSUER.faults.get("deny") or email not in ISSUER.people:
            back["error"] = "access_denied"
        else:
            back["code"] = ISSUER.code_for(email, asked)
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        if parts.path in COUNTED:
            ISSUER.seen[parts.path] = ISSUER.seen.get(parts.path, 0) + 1
        return parts.path, {name: words[0] for name, words in parse_qs(parts.query).items()}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _html(self, asked: dict[str, str]) -> None:
        hint = escape(asked.get("login_hint", ""))
        self._answer(
            f"<!doctype html><html lang=en><link rel=icon href='data:,'><title>Works ID</title><h1>Works ID</h1>"
            f"<form method=post><label>E-mail <input name=email value='{hint}'></label>"
            f"<button>Sign in</button></form></html>".encode(),
            "text/html; charset=utf-8",
        )

    def _json(self, body: dict[str, Any], status: int = 200) -> None:
        self._answer(json.dumps(body).encode(), "application/json", status)

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    ISSUER.address = f"http://127.0.0.1:{server.server_address[1]}"
    sys.stdout.write(json.dumps({"listening": ISSUER.address}) + "\n")
    sys.stdout.flush()
    server.serve_forever()
