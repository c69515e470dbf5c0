"""기업회원 가입 초대장: imported customers sign up by it, and by nothing else."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.world import World
from tests.flows import business_number, sign_up_body, verify_business, verify_person
from tests.imported import Imported, imported_company
from tests.mails import link_token, mails_to

SIGN_UP = "/v1/accounts/corporate"
PREVIEW = "/v1/corporate-invitations/preview"
RESEND = "/v1/corporate-invitations/resend"
KIND = "corporate_invitation"


async def by_invitation(
    client: httpx.AsyncClient, world: World, company: Imported, token: str | None
) -> httpx.Response:
    """A sign-up for the company's number, with the token where there is one."""
    body = sign_up_body(
        await verify_business(client, company.number, company.name),
        await verify_person(client, world),
        company_name=company.name,
        contact={"email": company.email},
        **({"invitation_token": token} if token else {}),
    )
    return await client.post(SIGN_UP, json=body)


async def test_an_invited_customer_signs_up_and_has_its_contracts_at_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    company = await imported_company(portal)
    token = await link_token(portal, company.email, KIND)
    preview = await client.post(PREVIEW, json={"token": token})
    assert preview.status_code == 200
    assert preview.json()["company_name"] == "옛길물산"
    assert preview.json()["business_number"] == company.number
    answer = await by_invitation(client, world, company, token)
    assert answer.status_code == 201, answer.text
    assert answer.json()["account"]["company_id"] == str(company.company_id)
    headers = {"Authorization": f"Bearer {answer.json()['session']['access_token']}"}
    me = (await client.get("/v1/me", headers=headers)).json()
    assert me["role"] == "SUPER_ADMIN"
    assert me["account"]["email_verified"] is True  # the link came to this address
    memberships = (await client.get("/v1/memberships", headers=headers)).json()["items"]
    assert [m["site"]["id"] for m in memberships] == [str(company.site_id)]


async def test_without_its_invitation_an_imported_customer_cannot_sign_up(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    company = await imported_company(portal)
    refused = await by_invitation(client, world, company, None)
    assert (refused.status_code, refused.json()["code"]) == (409, "corporate_invitation_required")


async def test_an_invitation_is_for_its_own_number_only(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    first, second = await imported_company(portal), await imported_company(portal)
    token = await link_token(portal, first.email, KIND)
    refused = await by_invitation(client, world, second, token)
    assert (refused.status_code, refused.json()["code"]) == (422, "invitation_number_mismatch")
    body = sign_up_body(
        await verify_business(client, first.number), await verify_person(client, world)
    )
    other_name = await client.post(SIGN_UP, json=body | {"invitation_token": token})
    assert other_name.json()["code"] == "company_name_mismatch"
    assert (await by_invitation(client, world, first, token)).status_code == 201


async def test_an_invitation_is_used_once_also_by_two_at_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    company = await imported_company(portal)
    token = await link_token(portal, company.email, KIND)
    answers = await asyncio.gather(
        *(by_invitation(client, world, company, token) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    late = await by_invitation(client, world, company, token)
    assert late.json()["code"] == "invitation_invalid"
    assert (await client.post(PREVIEW, json={"token": token})).status_code == 422
    kept = text("SELECT count(*) FROM corporate_invitations WHERE company_id = :company")
    async with owner_engine.connect() as connection:
        assert (await connection.execute(kept, {"company": company.company_id})).scalar() == 0


@pytest.mark.parametrize("token", ["x" * 43, "y" * 20])
async def test_an_unknown_token_shows_nothing(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.post(PREVIEW, json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (422, "invitation_invalid")


async def test_an_invitation_ends_after_fourteen_days(
    client: httpx.AsyncClient, portal: FastAPI, owner_engine: AsyncEngine
) -> None:
    company = await imported_company(portal)
    token = await link_token(portal, company.email, KIND)
    days_on = text("UPDATE corporate_invitations SET expires_at = expires_at - interval '14 days'")
    async with owner_engine.begin() as connection:
        await connection.execute(days_on)
    assert (await client.post(PREVIEW, json={"token": token})).status_code == 422


async def test_sending_again_answers_the_same_whether_or_not_there_is_an_invitation(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    company = await imported_company(portal)
    former = await link_token(portal, company.email, KIND)

    async def again(number: str) -> httpx.Response:
        return await client.post(
            RESEND,
            json={
                "business_verification_token": await verify_business(client, number),
                "identity_verification_token": await verify_person(client, world),
            },
        )

    known, unknown = await again(company.number), await again(business_number())
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.status_code == 202
    newest = await link_token(portal, company.email, KIND)
    assert newest != former
    assert (await client.post(PREVIEW, json={"token": former})).status_code == 422
    assert (await by_invitation(client, world, company, newest)).status_code == 201
    sent = len(await mails_to(portal, company.email, KIND))
    assert (await again(company.number)).status_code == 202  # signed up: nothing is sent
    assert len(await mails_to(portal, company.email, KIND)) == sent


async def test_a_number_gets_three_further_mails_an_hour(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    company = await imported_company(portal)
    tokens = {
        "business_verification_token": await verify_business(client, company.number),
        "identity_verification_token": await verify_person(client, world),
    }
    for _ in range(3):
        assert (await client.post(RESEND, json=tokens)).status_code == 202
    refused = await client.post(RESEND, json=tokens)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1


async def test_sending_again_needs_both_verifications(
    client: httpx.AsyncClient, world: World
) -> None:
    business, identity = await verify_business(client), await verify_person(client, world)
    for wrong, code in (
        ({"business_verification_token": "x" * 43}, "business_verification_invalid"),
        ({"identity_verification_token": "x" * 43}, "identity_verification_invalid"),
    ):
        body = {
            "business_verification_token": business,
            "identity_verification_token": identity,
        } | wrong
        refused = await client.post(RESEND, json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
