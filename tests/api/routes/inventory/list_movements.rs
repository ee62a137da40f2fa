//! `GET /inventory/{sku}/movements`

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tests::app::App;
use tests::log::Log;
use tests::samples::{create_sku, id, order_of, path_of, usd};

use super::{adjust, movements, set};

#[tokio::test]
async fn every_change_is_listed_with_its_cause_newest_first() {
    let app = App::builder().with_every_version().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    assert_eq!(movements(&admin, "MUG").await, ["initial +5 = 5"]);
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    assert_eq!(movements(&admin, "MUG").await, ["sale -2 = 3", "initial +5 = 5"]);
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    movements(&admin, "MUG").await;
    adjust(&admin, "MUG", -1).await.expect(201);
    set(&admin, "MUG", json!({"available": 9})).await.expect(200);
    let expected =
        ["set +5 = 9", "adjustment -1 = 4", "cancellation +2 = 5", "sale -2 = 3", "initial +5 = 5"];
    assert_eq!(movements(&admin, "MUG").await, expected);
    let answer = admin.get("/inventory/MUG/movements").await;
    answer.expect_private();
    let page = answer.expect(200);
    assert_eq!(
        (&page["data"][2]["order_id"], &page["data"][3]["order_id"]),
        (&order["id"], &order["id"])
    );
    assert_eq!(page["data"][3]["reason"], "sale");
    let ids: BTreeSet<_> = page["data"].as_array().expect("a list").iter().map(id).collect();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn pages_have_the_movements_of_the_whole_list() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    for _ in 0..7 {
        adjust(&admin, "MUG", 1).await.expect(201);
    }
    let whole = admin.get("/inventory/MUG/movements?limit=100").await.expect(200);
    for limit in 1..=9 {
        let all = admin.all_pages(&format!("/inventory/MUG/movements?limit={limit}")).await;
        assert_eq!(whole["data"], Value::from(all), "{limit}");
    }
    create_sku(&admin, "CUP", 1800, 5).await;
    let page = admin.get("/inventory/MUG/movements?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let other = format!("/inventory/CUP/movements?cursor={cursor}");
    admin.get(&other).await.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn movements_whose_record_is_lost_are_one_without_an_explanation() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 50).await;
    for units in 1..=3 {
        ada.post("/orders", order_of(&mug, units)).await.expect(201);
    }
    adjust(&admin, "MUG", 6).await.expect(201);
    assert_eq!(movements(&admin, "MUG").await, ["adjustment +6 = 50"], "they may be on the way");
    app.advance(Duration::from_secs(299));
    let admin = admin.with_new_session().await;
    assert_eq!(movements(&admin, "MUG").await.len(), 1);

    app.advance(Duration::from_secs(1));

    let expected = ["adjustment +6 = 50", "unexplained +44 = 44"];
    assert_eq!(movements(&admin, "MUG").await, expected);
    let page = admin.get("/inventory/MUG/movements").await.expect(200);
    let product = id(&mug);
    assert_eq!(page["data"][1]["id"], format!("{product}.MUG.1-4"));
    assert_eq!(page["data"][1]["reason"], "unexplained");
}

#[tokio::test]
async fn a_sku_that_is_used_again_does_not_mix_its_ledgers() {
    let app = App::builder().with_every_version().start().await;
    let admin = app.admin().await;
    let old = create_sku(&admin, "MUG", 1800, 5).await;
    adjust(&admin, "MUG", 2).await.expect(201);
    admin.delete(&path_of(&old)).await.expect(204);
    create_sku(&admin, "MUG", 1900, 30).await;
    adjust(&admin, "MUG", -1).await.expect(201);
    assert_eq!(movements(&admin, "MUG").await, ["adjustment -1 = 29", "initial +30 = 30"]);
}

#[tokio::test]
async fn a_variant_that_comes_back_goes_on_with_its_ledger() {
    let app = App::builder().with_every_version().start().await;
    let admin = app.admin().await;
    let body = |skus: &[&str]| {
        let variant = |sku: &&str| json!({"sku": sku, "options": {"Size": sku}});
        json!({"name": "Tee", "price": usd(100), "variants": skus.iter().map(variant).collect::<Vec<_>>()})
    };
    let tee = admin.post("/products", body(&["S", "M"])).await.expect(201);
    adjust(&admin, "S", 4).await.expect(201);
    admin.put(&path_of(&tee), body(&["M"])).await.expect(200);
    adjust(&admin, "S", -1).await.expect(201);
    admin.put(&path_of(&tee), body(&["S", "M"])).await.expect(200);
    adjust(&admin, "S", 2).await.expect(201);
    let expected =
        ["adjustment +2 = 5", "adjustment -1 = 3", "adjustment +4 = 4", "initial +0 = 0"];
    assert_eq!(movements(&admin, "S").await, expected);
}

#[tokio::test]
async fn the_log_says_which_movements_are_lost_after_a_day() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    adjust(&admin, "MUG", 1).await.expect(201);
    ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    adjust(&admin, "MUG", 1).await.expect(201);
    for (passed, is_logged) in [(24 * 3600 - 1, false), (1, true)] {
        app.advance(Duration::from_secs(passed));
        let admin = admin.with_new_session().await;
        let log = Log::default();
        let _guard = log.listen();
        let expected =
            ["adjustment +1 = 5", "unexplained -2 = 4", "adjustment +1 = 6", "unexplained +5 = 5"];
        assert_eq!(movements(&admin, "MUG").await, expected);
        let log = log.text();
        let lines = log.lines().filter(|line| line.contains("movements_lost"));
        let lines: Vec<_> = lines.collect();
        assert_eq!(
            lines.len(),
            usize::from(is_logged),
            "not what is from before the ledger: {log}"
        );
        if let [line] = lines[..] {
            assert!(line.contains("\"sku\":\"MUG\"") && line.contains("\"last\":3"), "{line}");
        }
    }
}

#[tokio::test]
async fn pages_have_what_is_missing_where_it_is() {
    let app = App::builder().without_stream().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 50).await;
    for round in 0..4 {
        adjust(&admin, "MUG", 1).await.expect(201);
        if round % 2 == 0 {
            ada.post("/orders", order_of(&mug, 2)).await.expect(201);
        }
    }
    app.advance(Duration::from_secs(300));
    let admin = admin.with_new_session().await;
    let whole = admin.get("/inventory/MUG/movements?limit=100").await.expect(200);
    let whole = whole["data"].as_array().expect("a list").clone();
    assert_eq!(whole.len(), 4 + 3, "two sales and the first movement are missing");
    for limit in 1..=8 {
        let all = admin.all_pages(&format!("/inventory/MUG/movements?limit={limit}")).await;
        assert_eq!(all, whole, "{limit}");
    }
}
