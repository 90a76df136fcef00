"""Administrators look after people in their subtree, and never give more than they have (ACC-07)."""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.actions.granting import Place
from accounts.actions.invitations import accept_invitation, invite_member, open_invitation
from accounts.actions.members import change_member, end_membership, restore_membership
from accounts.actions.roles import compose_role, remove_role
from accounts.invitations import pass_of
from accounts.models import Company, CompanyRole, Invitation, Membership, User
from accounts.people import member_in, members_for
from accounts.queries.scopes import scope_for
from accounts.states import Right
from core.actor import Actor
from core.errors import InvalidValue, NotAllowed, NotFound, OutOfDate, WrongState
from core.models import Event
from tests.conftest import enrol
from tests.factories.accounts import CompanyFactory, MembershipFactory, UserFactory
from tests.factories.approvals import delegation_of

NEW_PASSWORD = "a-quite-long-pass-4711"
BUYER = Place(roles=("buyer",))
NOBODY = Actor("portal", "nobody")


@pytest.fixture
def tree(db):
    """Group > company > branch, and a foreign company."""
    group = CompanyFactory(number="G")
    company = CompanyFactory(number="G1", parent=group)
    return group, company, CompanyFactory(number="G11", parent=company), CompanyFactory(number="X")


@pytest.fixture
def ada(tree):
    """Administers the company in the middle."""
    return enrol("Ada", tree[1], "administrator")


def member(name, company, *roles, **fields):
    """The membership of somebody new."""
    return Membership.objects.get(user=enrol(name, company, *roles, **fields).user, company=company)


def invite(ada, company, email="new@branch.example", place=BUYER):
    """An invitation and the word of its link."""
    made = invite_member(company, email, "Nina New", place, by=ada.actor)
    return made, pass_of(str(made.key))


@pytest.mark.req("ACC-07")
def test_who_is_invited_joins_once_with_what_was_promised(tree, ada):
    place = Place(roles=("buyer",), order_limit=Decimal("500"))
    invitation, word = invite(ada, tree[2], place=place)

    person = accept_invitation(word, name="Nina New", password=NEW_PASSWORD, by=NOBODY)

    scope = scope_for(person.pk, tree[2].pk)
    assert scope.may(Right.BUY)
    assert Membership.objects.get(user=person).order_limit == 500
    assert person.check_password(NEW_PASSWORD)
    with pytest.raises(WrongState):
        accept_invitation(word, name="Eve", password=NEW_PASSWORD, by=NOBODY)
    assert list(Event.objects.order_by("id").values_list("name", flat=True)) == [
        "member.invited",
        "member.enrolled",
    ]


@pytest.mark.req("ACC-07")
def test_the_company_above_the_sister_and_the_foreign_one_are_not_there(tree, ada):
    sister = CompanyFactory(parent=tree[0])
    for company in (tree[0], sister, tree[3]):
        with pytest.raises(NotFound):
            invite_member(company, "x@y.example", "", BUYER, by=ada.actor)
        with pytest.raises(NotFound):
            compose_role(company, "Mine", {"buy": 2}, by=ada.actor)
        foreign = member(f"Boss{company.pk}", company, "administrator")
        with pytest.raises(NotFound):
            end_membership(foreign, by=ada.actor)
        with pytest.raises(NotFound):
            member_in(ada.scope, foreign.pk)

    assert not Invitation.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda one: Invitation.objects.update(expires_at=timezone.now()), "over"),
        (lambda one: Invitation.objects.update(withdrawn_at=timezone.now()), "withdrawn"),
        (lambda one: Invitation.objects.filter(pk=one.pk).delete(), "does not exist"),
    ],
)
def test_a_link_that_is_over_opens_nothing(tree, ada, end, words):
    invitation, word = invite(ada, tree[1])
    end(invitation)

    with pytest.raises((WrongState, NotFound), match=words):
        accept_invitation(word, name="Nina", password=NEW_PASSWORD, by=NOBODY)

    assert not User.objects.filter(email=invitation.email).exists()


def test_a_word_that_was_not_signed_here_opens_nothing(tree, ada):
    invitation, _word = invite(ada, tree[1])
    for word in (str(invitation.key), "", "x:y:z", pass_of("another") + "x"):
        with pytest.raises(NotFound):
            open_invitation(word)


def test_a_second_invitation_of_an_address_replaces_the_first(tree, ada):
    first, old = invite(ada, tree[1])
    _second, new = invite(ada, tree[1], email="NEW@branch.example")

    with pytest.raises(WrongState):
        open_invitation(old)
    assert open_invitation(new).email == "NEW@branch.example"


def test_the_person_signed_in_joins_and_nobody_else_does(tree, ada):
    other, known = UserFactory(email="other@x.example"), UserFactory(email="new@branch.example")
    _invitation, word = invite(ada, tree[1])

    for wrong in (None, other):
        with pytest.raises(WrongState):
            accept_invitation(word, name="N", password=NEW_PASSWORD, user=wrong, by=NOBODY)
    assert accept_invitation(word, user=known, by=NOBODY) == known
    assert scope_for(known.pk, tree[1].pk).may(Right.BUY)


def test_a_weak_password_is_refused_and_the_link_stays_good(tree, ada):
    _invitation, word = invite(ada, tree[1])

    with pytest.raises(InvalidValue) as refusal:
        accept_invitation(word, name="Nina", password="12345678", by=NOBODY)

    assert refusal.value.details["field"] == "password"
    assert accept_invitation(word, name="Nina", password=NEW_PASSWORD, by=NOBODY).is_active


@pytest.mark.req("ACC-07")
@pytest.mark.parametrize(
    "place",
    [
        Place(roles=("administrator",)),
        Place(roles=("buyer",)),
        Place(roles=("viewer",), includes_branches=False, order_limit=None, own_roles=(-1,)),
    ],
)
def test_nobody_gives_more_than_he_has(tree, place):
    lead = enrol("Lea", tree[1])
    role = CompanyRole.objects.create(
        company=tree[1], name="Lead", grants={"manage_people": 2, "view_prices": 2}
    )
    Membership.objects.get(user=lead.user).own_roles.add(role)

    with pytest.raises((NotAllowed, InvalidValue)):
        invite_member(tree[1], "x@y.example", "", place, by=lead.actor)
    with pytest.raises(NotAllowed):
        compose_role(tree[1], "More", {"view_prices": 3}, by=lead.actor)
    assert compose_role(tree[1], "Same", {"view_prices": 2}, by=lead.actor).grants == {"view_prices": 2}
    assert not Invitation.objects.exists()


def test_limits_are_no_higher_than_ones_own(tree, ada):
    Membership.objects.filter(user=ada.user).update(order_limit=1000)

    for limit in (None, Decimal("1000.01")):
        with pytest.raises(NotAllowed):
            invite_member(tree[1], "x@y.example", "", Place(("buyer",), order_limit=limit), by=ada.actor)
    assert invite_member(
        tree[1], "x@y.example", "", Place(("buyer",), order_limit=Decimal(1000)), by=ada.actor
    )


def test_who_may_do_more_is_not_touched_by_who_may_do_less(tree, ada):
    lead = enrol("Lea", tree[1])
    role = CompanyRole.objects.create(company=tree[1], name="Lead", grants={"manage_people": 3})
    Membership.objects.get(user=lead.user).own_roles.add(role)

    with pytest.raises(NotAllowed):
        end_membership(Membership.objects.get(user=ada.user), by=lead.actor)
    assert scope_for(ada.user.pk, tree[1].pk).may(Right.MANAGE_PEOPLE)


@pytest.mark.req("ACC-07", "SEC-12")
def test_nobody_changes_the_own_rights(ada):
    own = Membership.objects.get(user=ada.user)
    for step in (
        lambda: change_member(own, BUYER, version=own.version, by=ada.actor),
        lambda: end_membership(own, by=ada.actor),
        lambda: restore_membership(own, by=ada.actor),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_a_change_of_a_member_that_changed_meanwhile_is_refused(tree, ada):
    row = member("Max", tree[2], "buyer")
    change_member(row, Place(roles=("approver",)), version=1, by=ada.actor)

    with pytest.raises(OutOfDate):
        change_member(row, BUYER, version=1, by=ada.actor)

    assert Membership.objects.get(pk=row.pk).roles == ["approver"]


@pytest.mark.req("ACC-07", "ACC-12")
def test_ended_access_is_gone_at_the_next_request_and_comes_back_as_it_was(tree, ada):
    row = member("Max", tree[2], "buyer")
    end_membership(row, by=ada.actor)
    assert scope_for(row.user_id, tree[2].pk).is_empty
    end_membership(row, by=ada.actor)

    restore_membership(row, by=ada.actor)

    assert scope_for(row.user_id, tree[2].pk).may(Right.BUY)
    assert list(Event.objects.order_by("id").values_list("name", flat=True)) == [
        "member.ended",
        "member.enrolled",
    ]


def test_the_last_who_manages_people_stays(tree):
    head = enrol("Hanna", tree[3], "administrator")
    role = CompanyRole.objects.create(company=tree[3], name="Lead", grants={"manage_people": 2})
    lead = enrol("Lea", tree[3])
    Membership.objects.get(user=lead.user).own_roles.add(role)
    Membership.objects.filter(user=head.user).update(is_active=False)

    with pytest.raises(NotAllowed):
        compose_role(tree[3], "Lead", {"view_prices": 2}, role=role, by=lead.actor)

    assert scope_for(lead.user.pk, tree[3].pk).may(Right.MANAGE_PEOPLE)


def test_a_role_in_use_is_not_removed_and_a_name_is_taken_once(tree, ada):
    role = compose_role(tree[1], "Workshop", {"see_orders": 1}, by=ada.actor)
    row = member("Max", tree[2], "viewer")
    change_member(row, Place(own_roles=(role.pk,)), version=1, by=ada.actor)

    with pytest.raises(InvalidValue):
        compose_role(tree[1], "workshop", {"see_orders": 2}, by=ada.actor)
    with pytest.raises(WrongState):
        remove_role(role, by=ada.actor)
    change_member(row, BUYER, version=2, by=ada.actor)
    remove_role(role, by=ada.actor)
    assert not CompanyRole.objects.exists()


@pytest.mark.req("SEC-08")
def test_every_change_is_in_the_history_with_who_made_it(tree, ada):
    row = member("Max", tree[2], "buyer")
    from core.actor import acting

    with acting(ada.actor):
        change_member(row, Place(roles=("approver",)), version=1, by=ada.actor)

    latest = Membership.objects.get(pk=row.pk).history.first()
    assert (latest.roles, latest.actor_label, latest.history_user_id) == (["approver"], "Ada", ada.user.pk)


def test_a_list_of_members_costs_the_same_for_any_length(tree, ada, django_assert_max_num_queries):
    for number in range(20):
        member(f"M{number}", tree[2], "buyer")

    with django_assert_max_num_queries(2):
        rows = list(members_for(ada.scope))

    assert len(rows) == 21


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_link_at_once_one_joins():
    company = CompanyFactory(number="T")
    ada = enrol("Ada", company, "administrator")
    _invitation, word = invite(ada, company)
    outcomes = []

    def join():
        try:
            outcomes.append(accept_invitation(word, name="Nina", password=NEW_PASSWORD, by=NOBODY).email)
        except (WrongState, InvalidValue) as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=join) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("new@branch.example") == 1
    assert Membership.objects.filter(company=company).count() == 2
    assert connection.connection is not None
    assert timezone.now() - Invitation.objects.get().accepted_at < timedelta(minutes=5)


def wait_for(threads):
    """Until each thread waits for a lock."""
    until = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
            if cursor.fetchone()[0] == len(threads):
                return
            time.sleep(0.02)
    raise AssertionError("not all of them wait")


@pytest.mark.req("ACC-07")
@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_dismiss_each_other_at_once_one_stays():
    company = CompanyFactory(number="T")
    ada, olga, _third = (enrol(name, company, "administrator") for name in ("Ada", "Olga", "Tea"))
    outcomes = []

    def dismiss(who, whom):
        try:
            end_membership(Membership.objects.get(user=whom.user), by=who.actor)
            outcomes.append("done")
        except NotFound:
            outcomes.append("has no access")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=dismiss, args=pair) for pair in ((ada, olga), (olga, ada))]
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        for thread in threads:
            thread.start()
        wait_for(threads)
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "has no access"]
    assert Membership.objects.filter(company=company, is_active=True).count() == 2


@pytest.mark.req("ACC-07")
def test_nobody_comes_back_by_an_invitation_sent_before_the_access_ended(tree, ada):
    admin = Place(roles=("administrator",))
    _made, word = invite(ada, tree[1], email="ada@second.example", place=admin)
    other = enrol("Olga", tree[1], "administrator")
    end_membership(Membership.objects.get(user=ada.user), by=other.actor)

    with pytest.raises(WrongState):
        accept_invitation(word, name="Ada again", password=NEW_PASSWORD, by=NOBODY)

    assert not User.objects.filter(email="ada@second.example").exists()


@pytest.mark.parametrize(
    ("left", "is_over"), [(("administrator",), False), (("finance",), True), (("buyer", "viewer"), True)]
)
def test_an_invitation_promises_what_its_sender_still_holds(tree, ada, left, is_over):
    _made, word = invite(ada, tree[1])
    Membership.objects.filter(user=ada.user).update(roles=list(left))

    if is_over:
        with pytest.raises(WrongState):
            open_invitation(word)
    else:
        assert open_invitation(word).email == "new@branch.example"


@pytest.mark.req("ACC-07", "APR-09")
def test_what_is_lent_is_nobodys_to_give(tree):
    company = tree[1]
    looks_after = {"manage_people": 2, "see_orders": 2, "view_prices": 2}
    people = CompanyRole.objects.create(company=company, name="People", grants=looks_after)
    approves = CompanyRole.objects.create(company=company, name="Approves", grants={"approve": 2})
    pia = enrol("Pia", company)
    Membership.objects.get(user=pia.user).own_roles.add(people)
    delegation_of(company, enrol("Boris", company, "approver").user, pia.user)
    assert scope_for(pia.user.pk, company.pk).may(Right.APPROVE)

    with pytest.raises(NotAllowed):
        invite_member(company, "alt@x.example", "Alt", Place(own_roles=(approves.pk,)), by=pia.actor)
    with pytest.raises(NotAllowed):
        compose_role(company, "Mine", {"approve": 2}, by=pia.actor)

    assert not Invitation.objects.exists()
    assert not CompanyRole.objects.filter(name="Mine").exists()


def test_who_manages_in_a_branch_from_above_gives_no_more_than_the_limits_of_that_place(tree):
    group, company, *_rest = tree
    gina = enrol("Gina", group, "administrator", order_limit=Decimal(100), approval_limit=Decimal(200))
    MembershipFactory(user=gina.user, company=company, roles=["viewer"])

    for place in (BUYER, Place(roles=("approver",), order_limit=Decimal(1))):
        with pytest.raises(NotAllowed):
            invite_member(company, "new@x.example", "New", place, by=gina.actor)


@pytest.mark.req("ACC-07")
def test_a_role_gains_nothing_that_its_holders_elsewhere_would_have_deeper_than_whoever_changes_it(tree, ada):
    company, branch = tree[1:3]
    runs_unit = CompanyRole.objects.create(
        company=company, name="Runs the unit", grants={"manage_people": 2, "see_orders": 2, "buy": 2}
    )
    looks = CompanyRole.objects.create(company=company, name="Looks", grants={"see_orders": 2})
    mara = enrol("Mara", company)
    Membership.objects.get(user=mara.user).own_roles.add(runs_unit)
    own = MembershipFactory(user=mara.user, company=branch, roles=[])
    wide = member("Willi", company, includes_branches=True)

    for holder in (own, wide):
        looks.memberships.set([holder])
        with pytest.raises(NotAllowed):
            compose_role(company, "Looks", {"see_orders": 2, "buy": 2}, role=looks, by=mara.actor)
        compose_role(company, "Looks on", {"see_orders": 2}, role=looks, by=mara.actor)

    looks.refresh_from_db()
    assert looks.grants == {"see_orders": 2}
    assert not scope_for(mara.user.pk, branch.pk).may(Right.BUY)
    looks.memberships.clear()
    made = compose_role(company, "Looks", {"see_orders": 2, "buy": 2}, role=looks, by=mara.actor)
    assert made.grants == {"buy": 2, "see_orders": 2}


@pytest.mark.req("ACC-07")
def test_an_end_of_access_takes_open_invitations_along(tree, ada):
    gone = enrol("Gus", tree[1], "viewer")
    end_membership(Membership.objects.get(user=gone.user), by=ada.actor)
    _made, word = invite(ada, tree[1], email=gone.user.email.upper())
    restore_membership(Membership.objects.get(user=gone.user), by=ada.actor)
    _elsewhere, still = invite(ada, tree[2], email=gone.user.email)

    end_membership(Membership.objects.get(user=gone.user), by=ada.actor)

    with pytest.raises(WrongState):
        accept_invitation(word, user=gone.user, by=NOBODY)
    assert open_invitation(still).company == tree[2]
    assert not Membership.objects.get(user=gone.user, company=tree[1]).is_active


@pytest.mark.req("ACC-07")
def test_nobody_gives_a_place_back_whose_limits_are_above_the_own_ones(tree, ada):
    small = enrol("Sina", tree[1], "administrator", order_limit=Decimal(100))
    gone = member("Gus", tree[1], "buyer", is_active=False)

    with pytest.raises(NotAllowed):
        restore_membership(gone, by=small.actor)

    gone.refresh_from_db()
    assert not gone.is_active
    assert restore_membership(gone, by=ada.actor).is_active
    looks_on = member("Vic", tree[1], "viewer", is_active=False)
    assert restore_membership(looks_on, by=small.actor).is_active


@pytest.mark.req("ACC-07")
@pytest.mark.parametrize("name", ["evil.com/pay", "Nina www.evil.zz", "Nina\nevil"])
def test_a_name_that_stands_in_a_mail_to_others_is_a_name(tree, ada, name):
    with pytest.raises(InvalidValue) as refusal:
        invite_member(tree[1], "nina@acme.example", name, BUYER, by=ada.actor)

    assert refusal.value.details["field"] == "name"
    assert not Invitation.objects.exists()
    assert not Event.objects.filter(name="member.invited").exists()


@pytest.mark.req("ACC-07")
def test_nor_does_whoever_joins_take_one(tree, ada):
    _invitation, word = invite(ada, tree[1])

    with pytest.raises(InvalidValue):
        accept_invitation(word, name="evil.com/pay", password=NEW_PASSWORD, by=NOBODY)

    assert not User.objects.filter(email="new@branch.example").exists()
