//! `GET /products`

use std::time::Duration;

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, product, usd};

/// Creates `number` products, one a second, in two categories in turn; returns them newest first.
async fn create_products(app: &App, number: usize) -> Vec<Value> {
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for n in 0..number {
        let category = if n % 2 == 0 { "shirts" } else { "mugs" };
        let body = json!({"name": format!("Product {n}"), "price": usd(100), "category": category});
        ids.push(create_product(&admin, body).await["id"].clone());
        app.advance(Duration::from_secs(1));
    }
    ids.reverse();
    ids
}

fn ids(list: &Value) -> Vec<Value> {
    let cards = list["data"].as_array().expect("data").iter();
    cards.map(|card| card["id"].clone()).collect()
}

/// Returns the target of the `Link` header with the relation `next`.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    Some(target.expect("a link to the next page").to_owned())
}

/// Gets a whole list by its cursors, with `limit` items per page.
async fn get_all(who: &Persona<'_>, list: &str, limit: usize) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{list}limit={limit}{cursor}")).await.expect(200);
        let ids = ids(&page);
        assert!(ids.len() <= limit);
        seen.extend(ids);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn a_list_shows_each_product_as_a_card() {
    let app = App::start().await;
    let body = json!({
        "name": "Linen Tee",
        "description": "Not in the list.",
        "category": "summer-shirts",
        "brand": "Nordlicht",
        "tags": ["linen"],
        "images": ["https://img.example.com/front.jpg", "https://img.example.com/back.jpg"],
        "price": usd(2900),
        "variants": [
            {"options": {"size": "S", "colour": "sand"}, "stock": 1},
            {"options": {"size": "M", "colour": "sand"}, "price": usd(3100)},
            {"options": {"size": "M", "colour": "navy"}},
            {"options": {"colour": "any"}},
        ],
    });
    let tee = create_product(&app.admin().await, body).await;

    let list = app.anonymous().get("/products").await;

    assert_eq!(list.header("link"), None);
    let card = json!({
        "id": tee["id"],
        "slug": "linen-tee",
        "name": "Linen Tee",
        "category": "summer-shirts",
        "brand": "Nordlicht",
        "image": "https://img.example.com/front.jpg",
        "price": usd(2900),
        "max_price": usd(3100),
        "compare_at_price": null,
        "in_stock": true,
        "rating": {"average": null, "count": 0},
        "sizes": ["S", "M"],
        "created_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(list.expect(200), json!({"data": [card], "next_cursor": null}));
}

#[tokio::test]
async fn members_that_a_product_lacks_are_null_or_empty_in_its_card() {
    let app = App::start().await;
    create_product(&app.admin().await, product("Stoneware Mug", 1800, 0)).await;

    let list = app.anonymous().get("/products").await.expect(200);

    let card = &list["data"][0];
    for member in ["category", "brand", "image"] {
        assert!(card.as_object().is_some_and(|card| card.contains_key(member)), "{member}");
        assert_eq!(card[member], json!(null), "{member}");
    }
    assert_eq!((&card["sizes"], &card["in_stock"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn an_empty_shop_has_an_empty_list() {
    let app = App::start().await;
    for list in ["/products", "/products?category=none", "/products?page=1"] {
        let list = app.anonymous().get(list).await.expect(200);
        assert_eq!(list, json!({"data": [], "next_cursor": null}));
    }
}

#[tokio::test]
async fn products_are_listed_newest_first_twenty_per_page_by_default() {
    let app = App::start().await;
    let newest_first = create_products(&app, 22).await;
    let visitor = app.anonymous();
    for (query, shown) in [
        ("", 20),
        ("?", 20),
        ("?limit=1", 1),
        ("?limit=21", 21),
        ("?limit=100", 22),
        ("?sort=-created_at", 20),
        ("?page=1", 10),
        ("?per_page=7", 7),
    ] {
        let list = visitor.get(&format!("/products{query}")).await.expect(200);
        assert_eq!(ids(&list), newest_first[..shown], "{query}");
        assert_eq!(list["next_cursor"].is_null(), shown == 22, "{query}");
    }
}

#[tokio::test]
async fn cursors_lead_through_all_products_exactly_once() {
    let app = App::start().await;
    let newest_first = create_products(&app, 12).await;
    let visitor = app.anonymous();
    for limit in [1, 5, 6, 12, 100] {
        assert_eq!(get_all(&visitor, "/products?", limit).await, newest_first, "{limit} a page");
    }
    let shirts = get_all(&visitor, "/products?category=shirts&", 4).await;
    let mugs = get_all(&visitor, "/products?category=mugs&", 4).await;
    assert_eq!((shirts.len(), mugs.len()), (6, 6));
    assert!(newest_first.iter().all(|id| shirts.contains(id) != mugs.contains(id)));
}

#[tokio::test]
async fn paging_by_cursor_is_not_disturbed_by_new_and_deleted_products() {
    let app = App::start().await;
    let newest_first = create_products(&app, 6).await;
    let (admin, visitor) = (app.admin().await, app.anonymous());
    let first = visitor.get("/products?limit=3").await.expect(200);
    let last_seen = newest_first[2].as_str().expect("an id");

    create_product(&admin, product("Brand new", 1, 1)).await;
    admin.delete(&format!("/products/{last_seen}")).await.expect(204);

    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = visitor.get(&format!("/products?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!(ids(&rest), newest_first[3..]);
}

#[tokio::test]
async fn link_leads_to_the_next_page_with_the_same_filters() {
    let app = App::start().await;
    let newest_first = create_products(&app, 12).await;
    let shirts: Vec<_> = newest_first.iter().skip(1).step_by(2).cloned().collect();
    for (start, expected) in [
        ("/products?limit=5", &newest_first),
        ("/products?category=shirts&limit=4&utm=a%20b%26c", &shirts),
        ("/products?per_page=5", &newest_first),
        ("/products?page=1&per_page=5&category=shirts", &shirts),
    ] {
        let (mut seen, mut target) = (Vec::new(), Some(start.to_owned()));
        while let Some(page) = target {
            let answer = app.anonymous().get(&page).await;
            target = next(&answer);
            let list = answer.expect(200);
            assert_eq!(list["next_cursor"].is_null(), target.is_none(), "{page}");
            seen.extend(ids(&list));
        }
        assert_eq!(&seen, expected, "{start}");
    }
}

#[tokio::test]
async fn numbered_pages_show_the_same_list() {
    let app = App::start().await;
    let newest_first = create_products(&app, 12).await;
    for (query, expected) in [
        ("page=1", &newest_first[..10]),
        ("page=2", &newest_first[10..]),
        ("page=3", &[]),
        ("page=2&per_page=5", &newest_first[5..10]),
        ("page=3&per_page=5", &newest_first[10..]),
        ("per_page=100", &newest_first[..]),
        ("page=12&per_page=1", &newest_first[11..]),
        ("page=100&per_page=10", &[]),
        ("page=10&per_page=100", &[]),
    ] {
        let list = app.anonymous().get(&format!("/products?{query}")).await.expect(200);
        assert_eq!(ids(&list), expected, "{query}");
    }
}

#[tokio::test]
async fn a_category_is_filtered_by_its_exact_slug() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = json!({"name": "Tee", "price": usd(1), "category": "summer-shirts"});
    let tee = create_product(&admin, tee).await;
    create_product(&admin, product("Mug", 1, 1)).await;
    for (category, expected) in [("summer-shirts", vec![tee["id"].clone()]), ("shirts", vec![])] {
        let list = admin.get(&format!("/products?category={category}")).await.expect(200);
        assert_eq!(ids(&list), expected, "{category}");
    }
}

#[tokio::test]
async fn a_category_includes_those_below_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("kitchen", "home").await;
    admin.create_subcategory("mugs", "kitchen").await;
    let in_category = async |category: &str| {
        app.advance(Duration::from_secs(1));
        let body = json!({"name": category, "price": usd(1), "category": category});
        create_product(&admin, body).await["id"].clone()
    };
    let (mug, sofa) = (in_category("mugs").await, in_category("home").await);
    for (category, expected) in
        [("home", vec![&sofa, &mug]), ("kitchen", vec![&mug]), ("mugs", vec![&mug])]
    {
        let list = admin.get(&format!("/products?category={category}")).await.expect(200);
        assert_eq!(ids(&list).iter().collect::<Vec<_>>(), expected, "{category}");
    }
    // A category that moves takes its products with it.
    admin.put("/categories/mugs", json!({"name": "Mugs"})).await.expect(200);
    let list = admin.get("/products?category=home").await.expect(200);
    assert_eq!(ids(&list), [sofa]);
}

#[tokio::test]
async fn products_not_on_sale_are_not_listed_even_for_admins() {
    let app = App::start().await;
    let admin = app.admin().await;
    for status in ["draft", "archived"] {
        let body = json!({"name": "Mug", "price": usd(1), "category": "mugs", "status": status});
        create_product(&admin, body).await;
    }
    for list in ["/products", "/products?category=mugs", "/products?q=mug"] {
        assert_eq!(admin.get(list).await.expect(200)["data"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn admins_list_products_by_status_and_nobody_else_does() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for status in ["active", "draft", "archived"] {
        let body = json!({"name": status, "price": usd(1), "status": status});
        create_product(&admin, body).await;
    }
    for status in ["active", "draft", "archived"] {
        for list in ["/products?", "/products/facets?"] {
            let path = format!("{list}status={status}");
            let answer = admin.get(&path).await;
            assert_eq!(answer.header("cache-control"), Some("private, no-store"), "{path}");
            let body = answer.expect(200);
            match body.get("data") {
                Some(data) => {
                    let names: Vec<_> = data.as_array().expect("data").iter().collect();
                    assert_eq!(names.len(), 1, "{path}");
                    assert_eq!(names[0]["name"], status, "{path}");
                }
                None => assert_eq!(body["total"], 1, "{path}"),
            }
            ada.get(&path).await.expect_problem(403, "forbidden");
            app.anonymous().get(&path).await.expect_problem(401, "unauthenticated");
            let forged = app.anonymous().with_token("no.token.atall");
            forged.get(&path).await.expect_problem(401, "unauthenticated");
        }
    }
    // Before the value is looked at.
    ada.get("/products?status=sold").await.expect_problem(403, "forbidden");
    assert_eq!(admin.get("/products?status=sold").await.broken(), "status unknown_value");
    let forged = app.anonymous().with_token("no.token.atall");
    forged.get("/products?status=").await.expect(200);
}

#[tokio::test]
async fn in_stock_is_false_after_the_last_unit_is_sold_and_true_when_it_comes_back() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 1)).await;
    let in_stock = async || ada.get("/products").await.expect(200)["data"][0]["in_stock"].clone();
    assert_eq!(in_stock().await, true);

    let order = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let order = ada.post("/orders", order).await.expect(201);
    assert_eq!(in_stock().await, false);

    ada.delete(&format!("/orders/{}", order["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(in_stock().await, true);
}

#[tokio::test]
async fn the_error_for_an_invalid_parameter_names_it() {
    let app = App::start().await;
    let cursor = {
        create_products(&app, 2).await;
        let list = app.anonymous().get("/products?limit=1").await.expect(200);
        list["next_cursor"].as_str().expect("a cursor").to_owned()
    };
    for (query, expected) in [
        ("limit=0", "limit limit_out_of_range"),
        ("limit=101", "limit limit_out_of_range"),
        ("limit=-1", "limit limit_out_of_range"),
        ("limit=ten", "limit limit_out_of_range"),
        ("limit=1.5", "limit limit_out_of_range"),
        ("limit=99999999999999999999", "limit limit_out_of_range"),
        ("per_page=0", "per_page limit_out_of_range"),
        ("per_page=101", "per_page limit_out_of_range"),
        ("page=0", "page page_out_of_range"),
        ("page=x", "page page_out_of_range"),
        ("page=1001&per_page=1", "page page_out_of_range"),
        ("page=101", "page page_too_deep"),
        ("page=11&per_page=100", "page page_too_deep"),
        (&format!("page=1&cursor={cursor}"), "page mixed_paging"),
        (&format!("per_page=5&cursor={cursor}"), "page mixed_paging"),
        ("category=-", "category invalid_slug"),
        ("category=Summer%20Shirts", "category invalid_slug"),
        ("sort=-", "sort unknown_value"),
        ("sort=relevance", "sort unknown_value"),
        ("sort=--price", "sort unknown_value"),
        (
            "limit=0&page=0&sort=x&q=%07",
            "limit limit_out_of_range, page page_out_of_range, q control_character, sort unknown_value",
        ),
        (&format!("q={}", "x".repeat(256)), "q too_long"),
        ("q=a%E2%80%AEb", "q bidi_control"),
        (&format!("tag={}", "x".repeat(61)), "tag too_long"),
        (&"tag=x&".repeat(51), "tag too_many"),
        ("min_price=1.5", "min_price not_minor_units"),
        ("min_price=-1", "min_price negative"),
        ("max_price=100000000001", "max_price too_large"),
        ("in_stock=yes", "in_stock unknown_value"),
        ("min_rating=5.5", "min_rating out_of_range"),
    ] {
        let answer = app.anonymous().get(&format!("/products?{query}")).await;
        assert_eq!(answer.broken(), expected, "{query}");
    }
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let app = App::start().await;
    let newest_first = create_products(&app, 2).await;
    for query in ["utm_source=mail", "Limit=0", "limit%5B%5D=0", "=", "&&", "a=1&a=2"] {
        let list = app.anonymous().get(&format!("/products?{query}")).await.expect(200);
        assert_eq!(ids(&list), newest_first, "{query}");
    }
}

#[tokio::test]
async fn a_forged_cursor_or_one_of_another_list_is_rejected() {
    let app = App::start().await;
    create_products(&app, 4).await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Mug", 1, 9)).await;
    for _ in 0..2 {
        let order = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
        ada.post("/orders", order).await.expect(201);
    }
    let cursor = async |list: &str| {
        let list = ada.get(list).await.expect(200);
        list["next_cursor"].as_str().expect("a cursor").to_owned()
    };
    let shirts = cursor("/products?category=shirts&limit=1").await;
    let all = cursor("/products?limit=1").await;
    for (why, query) in [
        ("a category's cursor in the whole list", format!("cursor={shirts}")),
        ("the whole list's cursor in a category", format!("category=mugs&cursor={all}")),
        ("another category's", format!("category=mugs&cursor={shirts}")),
        ("an order list's cursor", format!("cursor={}", cursor("/orders?limit=1").await)),
        ("not base64", "cursor=%21%21".to_owned()),
        ("made up", "cursor=AAAA".to_owned()),
        ("cut off", format!("cursor={}", &all[..all.len() - 2])),
        ("lengthened", format!("cursor={all}AAAA")),
        ("a JSON key", "cursor=eyJwayI6IlVTRVIjMSJ9".to_owned()),
        ("10 KB", format!("cursor={}", "A".repeat(10_000))),
    ] {
        let answer = ada.get(&format!("/products?{query}")).await;
        assert_eq!(answer.status, 400, "{why}: {:#}", answer.body);
        answer.expect_problem(400, "invalid_cursor");
    }
}

/// Creates products that differ in what filters, searches and orders read.
async fn create_mugs_and_shirts(app: &App) {
    let admin = app.admin().await;
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    admin.create_category("shirts").await;
    for body in [
        json!({
            "name": "Blue Mugs", "brand": "Acme", "category": "mugs", "tags": ["Gift", "new"],
            "price": usd(1200), "description": "<p>Two for your caf&eacute;.</p>",
            "variants": [{"sku": "MUG-2", "options": {}, "stock": 3, "barcode": "4006381333931"}],
        }),
        json!({
            "name": "Łódź Mug", "brand": "ACME", "category": "mugs", "tags": ["gift"],
            "price": usd(900), "description": "Stoneware, as blue as berries.",
            "variants": [{"sku": "LODZ", "options": {}, "stock": 0}],
        }),
        json!({
            "name": "Linen Shirt", "brand": "Zwei", "category": "shirts", "tags": ["new"],
            "price": usd(4900), "description": "For the summer.",
            "variants": [
                {"sku": "LIN-S", "options": {"size": "S"}, "stock": 1},
                {"sku": "LIN-M", "options": {"size": "m"}, "price": usd(3900)},
            ],
        }),
        json!({
            "name": "shirt for a barista", "category": "shirts", "price": usd(1200),
            "variants": [{"sku": "BAR-M", "options": {"size": "M"}, "track_stock": false}],
        }),
    ] {
        create_product(&admin, body).await;
        app.advance(Duration::from_secs(1));
    }
}

/// Returns the names of the products in a list.
async fn names(app: &App, query: &str) -> Vec<String> {
    let list = app.anonymous().get(&format!("/products?{query}")).await.expect(200);
    let cards = list["data"].as_array().expect("data").iter();
    cards.map(|card| card["name"].as_str().expect("a name").to_owned()).collect()
}

const BLUE: &str = "Blue Mugs";
const LODZ: &str = "Łódź Mug";
const LINEN: &str = "Linen Shirt";
const BARISTA: &str = "shirt for a barista";

#[tokio::test]
async fn a_search_finds_products_by_all_of_its_words() {
    let app = App::start().await;
    create_mugs_and_shirts(&app).await;
    for (q, found) in [
        // Singular and plural, case, accents and punctuation; what is in the name comes first.
        ("mug", vec![LODZ, BLUE]),
        ("MUGS", vec![BLUE, LODZ]),
        ("lodz", vec![LODZ]),
        ("%C5%81%C3%93D%C5%B9!", vec![LODZ]),
        ("cafe", vec![BLUE]),
        ("blue", vec![BLUE, LODZ]),
        ("berry", vec![LODZ]),
        // The beginning of the last word, and only of that.
        ("blue%20stone", vec![LODZ]),
        ("ston%20blue", vec![]),
        ("sh", vec![BARISTA, LINEN]),
        // Brand, category, tag, SKU and barcode.
        ("acme", vec![LODZ, BLUE]),
        ("shirts%20zwei", vec![LINEN]),
        ("gift", vec![LODZ, BLUE]),
        ("mug-2", vec![BLUE]),
        ("4006381333931", vec![BLUE]),
        // All words must match, and one without letters matches nothing.
        ("blue%20shirt", vec![]),
        ("%21%3F", vec![]),
        ("eacute", vec![]),
    ] {
        assert_eq!(names(&app, &format!("q={q}")).await, found, "{q}");
    }
}

#[tokio::test]
async fn every_filter_judges_the_product_and_can_be_combined() {
    let app = App::start().await;
    create_mugs_and_shirts(&app).await;
    for (query, found) in [
        ("category=home", vec![LODZ, BLUE]),
        ("category=none", vec![]),
        ("name=mu", vec![LODZ, BLUE]),
        ("name=bar%20sh", vec![BARISTA]),
        ("name=stoneware", vec![]),
        ("size=M", vec![BARISTA, LINEN]),
        ("size=s", vec![LINEN]),
        ("size=S%20", vec![LINEN]),
        ("brand=acme", vec![LODZ, BLUE]),
        ("brand=acm", vec![]),
        ("tag=GIFT", vec![LODZ, BLUE]),
        ("tag=gift&tag=new", vec![BLUE]),
        // The lowest price counts, whichever variant has it.
        ("min_price=3900&max_price=3900", vec![LINEN]),
        ("min_price=4000", vec![]),
        ("max_price=1199", vec![LODZ]),
        ("in_stock=true", vec![BARISTA, LINEN, BLUE]),
        ("in_stock=false", vec![LODZ]),
        ("min_rating=1", vec![]),
        ("min_rating=0", vec![BARISTA, LINEN, LODZ, BLUE]),
        ("q=new&category=home&in_stock=true&max_price=1200&brand=ACME", vec![BLUE]),
        ("q=&category=&tag=&in_stock=", vec![BARISTA, LINEN, LODZ, BLUE]),
    ] {
        assert_eq!(names(&app, query).await, found, "{query}");
    }
}

#[tokio::test]
async fn a_list_is_sorted_as_it_is_asked_for_and_its_pages_continue_each_other() {
    let app = App::start().await;
    create_mugs_and_shirts(&app).await;
    for (sort, sorted) in [
        ("created_at", [BLUE, LODZ, LINEN, BARISTA]),
        ("price", [LODZ, BLUE, BARISTA, LINEN]),
        ("name", [BLUE, LINEN, LODZ, BARISTA]),
        ("rating", [BLUE, LODZ, LINEN, BARISTA]),
    ] {
        let mut reversed = sorted;
        reversed.reverse();
        for (sort, expected) in [(sort.to_owned(), sorted), (format!("-{sort}"), reversed)] {
            assert_eq!(names(&app, &format!("sort={sort}")).await, expected, "{sort}");
            let mut seen = Vec::new();
            for page in 1..=4 {
                seen.extend(names(&app, &format!("sort={sort}&per_page=1&page={page}")).await);
            }
            assert_eq!(seen, expected, "{sort}, numbered");
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = format!("/products?sort={sort}&limit=3{cursor}");
                let page = app.anonymous().get(&page).await.expect(200);
                let cards = page["data"].as_array().expect("data").iter();
                seen.extend(cards.map(|card| card["name"].as_str().expect("one").to_owned()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, expected, "{sort}, by cursor");
        }
    }
    // A search that is sorted otherwise than by how well products match.
    assert_eq!(names(&app, "q=mug&sort=-price").await, [BLUE, LODZ]);
}

#[tokio::test]
async fn what_changes_in_a_product_changes_where_it_is_found() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 1)).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    assert_eq!(names(&app, "q=stoneware").await, ["Stoneware Mug"]);

    admin.put(&path, json!({"name": "Porcelain Cup", "price": usd(2100)})).await.expect(200);
    assert_eq!(names(&app, "q=stoneware").await, Vec::<String>::new());
    assert_eq!(names(&app, "q=porcelain&min_price=2100").await, ["Porcelain Cup"]);

    let draft = json!({"name": "Porcelain Cup", "price": usd(2100), "status": "draft"});
    admin.put(&path, draft).await.expect(200);
    assert_eq!(names(&app, "q=porcelain").await, Vec::<String>::new());

    let active = json!({"name": "Porcelain Cup", "price": usd(2100), "status": "active"});
    admin.put(&path, active).await.expect(200);
    assert_eq!(names(&app, "q=porcelain").await, ["Porcelain Cup"]);
    admin.delete(&path).await.expect(204);
    assert_eq!(names(&app, "q=porcelain").await, Vec::<String>::new());
}
