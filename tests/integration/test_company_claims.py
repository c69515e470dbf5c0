"""A number that somebody else registered: claimed with evidence, decided by two operators."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.domain.errors import DomainError
from app.domain.operators import OperatorRole
from sandbox.world import World
from tests.flows import (
    PASSWORD,
    Member,
    business_number,
    free_item,
    order_body,
    pay,
    phone_number,
    place,
    run_jobs,
    sign_up_body,
    verify_business,
    verify_person,
)
from tests.imported import imported_company
from tests.mails import link_token, mails_to
from tests.operators import TOKEN, operator_client, token_of
from tests.papers import form

ONE, OTHER = "kim", "lee"


async def squat(client: httpx.AsyncClient, world: World, phone: str | None = None) -> Member:
    """Somebody who typed a number that exists, and nothing that shows authority."""
    phone = phone or phone_number()
    body = sign_up_body(
        await verify_business(client, business_number()),
        await verify_person(client, world, phone=phone),
    )
    answer = await client.post("/v1/accounts/corporate", json=body)
    assert answer.status_code == 201, answer.text
    account = answer.json()["account"]
    return Member(
        account["login_id"],
        account["id"],
        account["company_id"],
        answer.json()["session"],
        body["contact"]["email"],
    )


async def number_of(portal: FastAPI, member: Member) -> str:
    number = "SELECT business_number FROM companies WHERE id = :id"
    return str((await rows(portal, number, id=member.company_id))[0])


async def rows(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        return list((await session.execute(text(statement), values)).scalars())


async def claim(
    client: httpx.AsyncClient, world: World, number: str, *, papers: bool = True, **changed: str
) -> httpx.Response:
    words = {
        "business_number": number,
        "company_name": "한빛상사",
        "email": "real@hanbit.example",
    } | changed
    if "identity_verification_token" not in words:
        words["identity_verification_token"] = await verify_person(client, world)
    if papers:
        return await client.post("/v1/company-claims", **form(**words))
    files = [(name, (None, value.encode())) for name, value in words.items()]
    return await client.post("/v1/company-claims", files=files)


async def refusal(work: Any) -> str:
    with pytest.raises(DomainError) as refused:
        await work
    return refused.value.code


async def test_the_real_company_takes_its_number_over_with_what_belongs_to_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    await place(client, squatter, order_body(free_item(), total=0))
    await run_jobs(portal)
    number, email = await number_of(portal, squatter), "taken-over@hanbit.example"
    sent = await claim(client, world, number, email=email)
    assert (sent.status_code, sent.json()["state"]) == (201, "IN_PROGRESS"), sent.text
    assert await mails_to(portal, squatter.email, "company_claimed") == [{"company": "한빛상사"}]

    decisions, case = portal.state.deps.case_decisions, sent.json()["id"]
    first = await decisions.approve(case, ONE)
    assert (first.state, first.waits) == ("IN_PROGRESS", True)
    assert (await client.get("/v1/me", headers=squatter.headers)).status_code == 200
    assert await refusal(decisions.approve(case, ONE)) == "second_operator_required"
    second = await decisions.approve(case, OTHER)
    assert (second.state, second.waits) == ("APPROVED", False)

    live = await client.get("/v1/me", headers=squatter.headers)
    assert (live.status_code, live.json()["code"]) == (401, "not_authenticated")
    refreshed = await client.post(
        "/v1/auth/refresh",
        json={"client_type": "NATIVE", "refresh_token": squatter.session["refresh_token"]},
    )
    assert refreshed.status_code == 401
    again = {"login_id": squatter.login_id, "password": PASSWORD, "client_type": "NATIVE"}
    assert (await client.post("/v1/auth/login", json=again)).status_code == 401
    assert await mails_to(portal, squatter.email, "company_moved") == [{"company": "한빛상사"}]

    token = await link_token(portal, email, "corporate_invitation")
    body = sign_up_body(
        await verify_business(client, number),
        await verify_person(client, world),
        invitation_token=token,
        contact={"email": email},
    )
    taken = await client.post("/v1/accounts/corporate", json=body)
    assert taken.status_code == 201, taken.text
    assert taken.json()["account"]["company_id"] == squatter.company_id
    headers = {"Authorization": f"Bearer {taken.json()['session']['access_token']}"}
    me = (await client.get("/v1/me", headers=headers)).json()
    assert me["role"] == "SUPER_ADMIN", "the site that was opened is the company's"
    proven = "SELECT verification_level FROM companies WHERE id = :id AND proven_at IS NOT NULL"
    assert await rows(portal, proven, id=squatter.company_id) == ["DOCUMENT"]


async def test_representative_and_opening_date_go_for_a_document(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number = await number_of(portal, squatter)
    nothing = await claim(client, world, number, papers=False)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "claim_evidence_required")
    by_number = await verify_business(client, number)
    weak = await claim(client, world, number, papers=False, business_verification_token=by_number)
    assert (weak.status_code, weak.json()["code"]) == (422, "claim_evidence_required")
    shown = await client.post(
        "/v1/business-verifications",
        json={
            "business_number": number,
            "company_name": "한빛상사",
            "representative_name": "홍길동",
            "opened_on": "2020-01-01",
        },
    )
    by_identity = shown.json()["verification_token"]
    strong = await claim(
        client, world, number, papers=False, business_verification_token=by_identity
    )
    assert (strong.status_code, strong.json()["files"]) == (201, 0), strong.text


async def test_evidence_for_another_number_is_none(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    token = await verify_business(client, business_number())
    refused = await claim(
        client, world, await number_of(portal, squatter), business_verification_token=token
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "business_verification_invalid")


async def test_a_company_that_was_shown_to_be_real_is_not_claimed(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    paying = await squat(client, world)
    await pay(client, world, paying, await place(client, paying))
    refused = await claim(client, world, await number_of(portal, paying))
    assert (refused.status_code, refused.json()["code"]) == (409, "company_proven")
    assert await mails_to(portal, paying.email, "company_claimed") == []


async def test_a_company_of_ones_own_is_not_claimed(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    phone = phone_number()
    mine = await squat(client, world, phone)
    token = await verify_person(client, world, phone=phone)
    refused = await claim(
        client, world, await number_of(portal, mine), identity_verification_token=token
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "company_yours")


async def test_a_number_that_nobody_registered_is_signed_up_and_an_imported_one_is_invited(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    free = await claim(client, world, business_number())
    assert (free.status_code, free.json()["code"]) == (409, "company_not_registered")
    imported = await imported_company(portal)
    refused = await claim(client, world, imported.number)
    assert (refused.status_code, refused.json()["code"]) == (409, "corporate_invitation_required")


async def test_a_claim_needs_a_verified_phone(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number = await number_of(portal, squatter)
    refused = await claim(client, world, number, identity_verification_token="x" * 43)
    assert refused.json()["code"] == "identity_verification_invalid"
    assert await rows(portal, "SELECT id FROM cases WHERE business_number = :n", n=number) == []


async def test_the_same_person_claims_once_also_when_at_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number, phone = await number_of(portal, squatter), phone_number()
    tokens = [await verify_person(client, world, phone=phone) for _ in range(3)]
    answers = await asyncio.gather(
        *(claim(client, world, number, identity_verification_token=t) for t in tokens)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    codes = {answer.json().get("code") for answer in answers}
    assert codes == {None, "case_open"}
    assert len(await mails_to(portal, squatter.email, "company_claimed")) == 1


async def test_of_two_who_claim_at_once_the_one_that_is_approved_has_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number = await number_of(portal, squatter)
    answers = await asyncio.gather(
        claim(client, world, number, email="first@hanbit.example"),
        claim(client, world, number, email="second@hanbit.example"),
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    decisions = portal.state.deps.case_decisions
    winner, loser = (answer.json()["id"] for answer in answers)
    for operator in (ONE, OTHER):
        await decisions.approve(winner, operator)
    assert await refusal(decisions.approve(loser, ONE)) == "case_decided"
    told = await mails_to(portal, "second@hanbit.example", "claim_refused")
    assert told == [{"company": "한빛상사", "reason": "다른 신청으로 확인이 완료되었습니다."}]
    assert await mails_to(portal, "second@hanbit.example", "corporate_invitation") == []


async def test_both_approved_at_once_move_the_company_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number = await number_of(portal, squatter)
    cases = [(await claim(client, world, number)).json()["id"] for _ in range(2)]
    decisions = portal.state.deps.case_decisions
    for case in cases:
        await decisions.approve(case, ONE)
    outcomes = await asyncio.gather(
        *(decisions.approve(case, OTHER) for case in cases), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [getattr(error, "code", error) for error in refused] == ["case_decided"]
    states = "SELECT state FROM cases WHERE business_number = :n ORDER BY state"
    assert await rows(portal, states, n=number) == ["APPROVED", "REFUSED"]


async def test_a_holder_who_shows_a_paper_first_keeps_the_company(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    holder = await squat(client, world)
    case = (await claim(client, world, await number_of(portal, holder))).json()["id"]
    shown = await client.post("/v1/company/business-documents", headers=holder.headers, **form())
    decisions = portal.state.deps.case_decisions
    await decisions.approve(shown.json()["id"], ONE)
    await decisions.approve(case, ONE)
    assert await refusal(decisions.approve(case, OTHER)) == "company_proven"
    await decisions.refuse(case, ONE, "이미 확인된 기업입니다.")
    told = await mails_to(portal, "real@hanbit.example", "claim_refused")
    assert told[-1]["reason"] == "이미 확인된 기업입니다."
    assert (await client.get("/v1/me", headers=holder.headers)).status_code == 200


async def test_the_holder_sees_that_there_is_a_claim_and_not_whose(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    holder = await squat(client, world)
    await claim(client, world, await number_of(portal, holder))
    path = "/v1/company/business-documents"
    assert (await client.get(path, headers=holder.headers)).json() == {"items": []}
    deps = portal.state.deps
    async with deps.database.tenant_session(holder.account_id, holder.company_id) as session:
        for table in ("cases", "case_files"):
            found = await session.execute(text(f"SELECT count(*) FROM {table}"))
            assert found.scalar_one() == 0


async def test_a_claim_on_hold_begins_its_approvals_anew(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number, phone = await number_of(portal, squatter), phone_number()
    token = await verify_person(client, world, phone=phone)
    case = (await claim(client, world, number, identity_verification_token=token)).json()["id"]
    decisions = portal.state.deps.case_decisions
    await decisions.approve(case, ONE)
    await decisions.hold(case, OTHER, "위임장이 필요합니다.")
    token = await verify_person(client, world, phone=phone)
    more = (await claim(client, world, number, identity_verification_token=token)).json()
    assert (more["id"], more["state"], more["files"]) == (case, "IN_PROGRESS", 2)
    assert (await decisions.approve(case, OTHER)).waits is True


async def test_two_operators_who_decide_at_once_decide_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await squat(client, world)
    path = "/v1/company/business-documents"
    case = (await client.post(path, headers=member.headers, **form())).json()["id"]
    steps: list[tuple[str, Any]] = [("approve", None), ("refuse", {"reason": "흐립니다"})] * 2

    async def decide(index: int, step: str, body: Any) -> httpx.Response:
        role, name = OperatorRole.SUPPORT, f"claims-{index}"
        async with operator_client(portal, role, name) as operator:
            return await operator.post(
                f"/v1/operator/cases/{case}/{step}", json=body, headers=token_of(role, name)
            )

    told = await asyncio.gather(*(decide(i, step, body) for i, (step, body) in enumerate(steps)))
    assert sorted(answer.status_code for answer in told) == [200, 409, 409, 409]
    kinds = "SELECT kind FROM mails WHERE account_id = :id AND kind LIKE 'document%'"
    assert len(await rows(portal, kinds, id=member.account_id)) == 1


async def test_one_operator_is_not_two(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    case = (await claim(client, world, await number_of(portal, squatter))).json()["id"]
    path = f"/v1/operator/cases/{case}/approve"
    async with operator_client(portal, OperatorRole.ADMIN, "claims-other") as operator:
        first = await operator.post(path, headers=TOKEN)
        assert first.json() == {"state": "IN_PROGRESS", "waits": True}
        again = await operator.post(path, headers=TOKEN)
        assert (again.status_code, again.json()["code"]) == (409, "second_operator_required")
        headers = token_of(OperatorRole.ADMIN, "claims-other")
        second = await operator.post(path, headers=headers)
        assert second.json() == {"state": "APPROVED", "waits": False}


async def test_a_decided_claim_and_its_papers_are_gone_after_three_years(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    squatter = await squat(client, world)
    number = await number_of(portal, squatter)
    case = (await claim(client, world, number)).json()["id"]
    await portal.state.deps.case_decisions.refuse(case, ONE, "다른 회사의 문서입니다.")
    keys = "SELECT storage_key FROM case_files WHERE case_id = :id"
    (key,) = await rows(portal, keys, id=case)
    paper = portal.state.deps.settings.files_dir / key
    for days, left in ((1095, True), (1097, False)):
        at = wire_now() - timedelta(days=days)
        await rows(
            portal, "UPDATE cases SET decided_at = :at WHERE id = :id RETURNING 1", id=case, at=at
        )
        await run_jobs(portal)
        assert paper.exists() is left
        assert await rows(portal, "SELECT id::text FROM cases WHERE id = :id", id=case) == (
            [case] if left else []
        )
