"""Sign-in at a company's own identity provider (OpenID Connect), on the sign-in library's client."""
