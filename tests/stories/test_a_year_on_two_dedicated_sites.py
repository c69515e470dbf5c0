"""다온제조, 2027: two dedicated sites in one order, begun on 31 January. Prices of the guide, KRW.

A user costs 5,000 a month, the base 200,000, set-up 500,000; licences of a term of 12 months or
more are 5 % off (장기선납). Contract months of a 31st begin where there is no 31st on the next 1st.
"""

import io

import openpyxl

from tests.contracts import add_extend
from tests.flows import item, run_jobs
from tests.stories.diary import Diary


async def test_a_year_of_a_company_with_two_sites(diary: Diary) -> None:
    # 31 January: head office and plant, in one order.
    await diary.on(2027, 1, 31)
    await diary.signs_up()
    # Office: 30 × 5,000 × 12 = 1,800,000, base 2,400,000, set-up 500,000; prepaid −90,000.
    # Plant: 10 × 5,000 × 12 = 600,000, base 2,400,000, set-up 500,000; prepaid −30,000.
    # 8,200,000 − 120,000 = 8,080,000, and 808,000 VAT.
    office, plant = item("DEDICATED", 30, 12), item("DEDICATED", 10, 12)
    made = await diary.orders(office, plant, total=8_888_000)
    assert (made["amount"], made["discount"]) == (8_200_000, 120_000)
    await diary.pays(made)
    ids = await diary.memberships()
    assert len(ids) == 2
    shown = [
        await diary.client.get(f"/v1/memberships/{m}", headers=diary.member.headers) for m in ids
    ]
    by_users = {answer.json()["users"]["total"]: answer.json()["id"] for answer in shown}
    office_id, plant_id = by_users[30], by_users[10]
    # 30 × 5,000 + 200,000 = 350,000 a month, however it was paid.
    await diary.sees(office_id, monthly_fee=350_000, expires_on="2028-01-30")
    await diary.sees(plant_id, monthly_fee=250_000, expires_on="2028-01-30")

    # 1 March is the first day of the second contract month: there is no 31 February.
    await diary.on(2027, 3, 1)
    # 10 × 5,000 × 11 = 550,000: an addition is never prepaid. 55,000 VAT.
    await diary.buys(add_extend(office_id, users=10), total=605_000)
    await diary.sees(office_id, users=40, storage_gb=40, monthly_fee=400_000)

    # 31 March, the first day of the third: cards for the plant, ten months.
    await diary.on(2027, 3, 31)
    # 3 × 2,000 × 10 = 60,000, and 6,000 VAT.
    await diary.buys(add_extend(plant_id, CORPORATE_CARD=3), total=66_000)
    await diary.sees(plant_id, monthly_fee=256_000)

    # 15 May: packs are charged whole, in the middle of a month as well.
    await diary.on(2027, 5, 15)
    # 2 × 50,000 = 100,000, and 10,000 VAT.
    await diary.buys(add_extend(plant_id, E_CONTRACT_100=2), total=110_000)
    await diary.sees(plant_id, monthly_fee=256_000)

    # 20 November: five more at the office and another year, in one order.
    await diary.on(2027, 11, 20)
    # Added: of 31 October to 30 November (31 days) 11 are left, then two months:
    # 25,000 × 2 + 25,000 × 11/31 = 8,870.97: 58,871.
    # Extended: 45 × 5,000 × 12 = 2,700,000, base 2,400,000; prepaid −135,000.
    # 5,158,871 − 135,000 = 5,023,871, and 502,387 VAT.
    grown = await diary.buys(add_extend(office_id, users=5, months=12), total=5_526_258)
    assert (grown["type_label"], grown["discount"]) == ("추가+연장", 135_000)
    await diary.sees(office_id, users=45, monthly_fee=425_000, expires_on="2029-01-30")

    # 10 January: the plant closes soon; one month more, which ends on the leap day.
    await diary.on(2028, 1, 10)
    # 10 × 5,000 + 200,000 + 3 × 2,000 = 256,000, nothing prepaid; 25,600 VAT.
    await diary.buys(add_extend(plant_id, months=1), total=281_600)
    await diary.sees(plant_id, expires_on="2028-02-29", monthly_fee=256_000)

    # 1 March 2028: nobody paid for more. Overdue, then expired: nothing is added to it.
    await diary.on(2028, 3, 1)
    assert await diary.refused(add_extend(plant_id, users=1), total=1) == "membership_overdue"
    await diary.on(2028, 3, 20)
    assert await diary.refused(add_extend(plant_id, users=1), total=1) == "membership_expired"

    # The books as a workbook: numbers are numbers.
    headers = diary.member.headers
    asked = await diary.client.get("/v1/orders/export?format=xlsx", headers=headers)
    await run_jobs(diary.portal)
    file = await diary.client.get(f"{asked.headers['location']}/file", headers=headers)
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    bought = [row[8] for row in rows if row[3] != "갱신"]
    assert bought == [281_600, 5_526_258, 110_000, 66_000, 605_000, 8_888_000]
    # The plant's renewals: the extension came before one, nobody paid the other.
    renewals = [(row[8], row[10]) for row in rows if row[3] == "갱신"]
    assert renewals == [(281_600, "기한 만료"), (3_346_200, "주문 취소")]
    assert diary.paid == 15_476_858  # their sum
