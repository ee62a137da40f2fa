//! Mail about orders.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::ids::OrderId;
use shared::domain::order::PaymentMethod;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, id, product, usd};

use super::{ADA, account};

/// Orders two mugs and a shirt, with a complete address.
async fn order(app: &App, ada: &Persona<'_>) -> Value {
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let shirt = json!({
        "name": "Tee",
        "price": usd(2505),
        "variants": [{"sku": "TEE-M", "options": {"color": "blue", "size": "M"}, "stock": 5}],
    });
    create_product(&admin, shirt).await;
    let items = json!([{"product_id": mug["id"], "quantity": 2}, {"sku": "TEE-M", "quantity": 1}]);
    let address = json!({
        "name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "line2": "Flat 3",
        "city": "London",
        "region": "Greater London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    });
    let body = json!({"items": items, "shipping_address": address});
    ada.post("/orders", body).await.expect(201)
}

#[tokio::test]
async fn placing_an_order_sends_its_content() {
    let app = App::start().await;
    let ada = account(&app).await;
    let order = order(&app, &ada).await;

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let mail = app.mail_to(ADA);
    let (id, number) = (id(&order), order["number"].as_str().expect("a number"));
    assert_eq!(mail.subject, "Your order at Bodega");
    let text = format!(
        "\
Your order at Bodega

Thank you! We have received your order {number}:

2 × Stoneware Mug: 36.00 USD
1 × Tee (color: blue, size: M): 25.05 USD
Total: 61.05 USD

Shipping address:
Ada Lovelace
12 St James's Square
Flat 3
SW1Y 4JH London
Greater London
GB

View your order:
https://shop.example/orders/{id}

-- 
Bodega"
    );
    assert_eq!(mail.text, text);
    let row = "1 × Tee (color: blue, size: M)</td>";
    assert!(mail.html.contains(row), "{}", mail.html);
    assert!(mail.html.contains("61.05 USD"), "{}", mail.html);
}

#[tokio::test]
async fn cancelling_an_order_sends_a_confirmation() {
    let app = App::start().await;
    let ada = account(&app).await;
    let order = order(&app, &ada).await;
    app.deliver_mail().await;
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);

    app.deliver_mail().await;

    let mail = app.mails_to(ADA).pop().expect("a mail");
    let (id, number) = (id(&order), order["number"].as_str().expect("a number"));
    assert_eq!(mail.subject, "Your order at Bodega was cancelled");
    let text = format!(
        "\
Your order at Bodega was cancelled

Your order {number} was cancelled. It contained:

2 × Stoneware Mug: 36.00 USD
1 × Tee (color: blue, size: M): 25.05 USD
Total: 61.05 USD

None of these items will be shipped.

View your order:
https://shop.example/orders/{id}

-- 
Bodega"
    );
    assert_eq!(mail.text, text);
}

#[tokio::test]
async fn user_input_in_a_mail_stays_text() {
    let app = App::start().await;
    let ada = account(&app).await;
    let hostile = "<script>alert(1)</script> & \"quotes\" <a href=//evil.example>";
    let thing = create_product(&app.admin().await, product(hostile, 1800, 5)).await;
    let address = json!({"name": hostile, "line1": hostile, "city": "London", "country": "GB"});
    let items = json!([{"product_id": thing["id"], "quantity": 1}]);
    let body = json!({"items": items, "shipping_address": address});
    ada.post("/orders", body).await.expect(201);

    app.deliver_mail().await;

    let mail = app.mail_to(ADA);
    assert!(!mail.html.contains("<script") && !mail.html.contains("<a href=//"), "{}", mail.html);
    assert_eq!(mail.html.matches("&#60;script&#62;").count(), 3, "{}", mail.html);
    assert_eq!(mail.text.matches(hostile).count(), 3, "{}", mail.text);
}

#[tokio::test]
async fn a_stored_name_with_line_breaks_stays_on_one_line() {
    let app = App::start().await;
    let ada = account(&app).await;
    let order = order(&app, &ada).await;
    let name = "Mug\r\nBcc: eve@example.com\u{202e}";
    rename_first_line(&app, id(&order).parse().expect("an identifier"), name).await;

    app.deliver_mail().await;

    let mail = app.mail_to(ADA);
    let line = "2 × Mug  Bcc: eve@example.com : 36.00 USD\n";
    assert!(mail.text.contains(line), "{}", mail.text);
}

/// Changes the name in an order's first line, which no request can.
async fn rename_first_line(app: &App, order: OrderId, name: &str) {
    use aws_sdk_dynamodb::types::AttributeValue;
    let key = shared::store::keys::order(order);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    let update = update.update_expression("SET #lines[0].#name = :name");
    let update = update.expression_attribute_names("#lines", "lines");
    let update = update.expression_attribute_names("#name", "name");
    let update = update.expression_attribute_values(":name", AttributeValue::S(name.to_owned()));
    update.send().await.expect("an update");
}

#[tokio::test]
async fn a_customer_is_told_of_the_payment_the_parcel_and_its_arrival() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, account(&app).await);
    let order = order(&app, &ada).await;
    assert_eq!(app.deliver_mail().await, [""; 0]);
    let number = order["number"].as_str().expect("a number");
    let parcel = json!({"carrier": "DHL", "number": "0034", "url": "https://dhl.example/0034"});
    for (change, subject, texts) in [
        (
            json!({"status": "paid"}),
            "Your receipt from Bodega",
            vec![format!("Your payment for order {number} has arrived."), "61.05 USD".into()],
        ),
        (json!({"status": "processing"}), "", Vec::new()),
        (
            json!({"status": "shipped", "tracking": parcel}),
            "Your order at Bodega is on its way",
            vec![
                format!("Your order {number} was sent:"),
                "DHL, 0034".into(),
                "https://dhl.example/0034".into(),
                "Flat 3".into(),
            ],
        ),
        (
            json!({"status": "delivered"}),
            "Your order at Bodega has arrived",
            vec![format!("Your order {number} was delivered:")],
        ),
    ] {
        let before = app.mailbox.count();
        admin.put(&format!("/orders/{}", id(&order)), change).await.expect(200);
        assert_eq!(app.deliver_mail().await, [""; 0]);
        assert_eq!(app.mailbox.count() - before, usize::from(!subject.is_empty()));
        let mails = app.mailbox.to(ADA);
        let mail = mails.last().expect("a mail");
        assert!(subject.is_empty() || mail.subject == subject, "{}", mail.subject);
        for text in texts {
            assert!(mail.text.contains(&text) && mail.html.contains(&text), "{}", mail.text);
        }
    }
}

#[tokio::test]
async fn a_receipt_has_the_seller_the_dates_unit_prices_and_each_tax() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, account(&app).await);
    let settings = json!({
        "seller": {
            "name": "Books & Mugs Ltd",
            "address": "1 Harbour Road\nBristol",
            "tax_id": "GB123456789",
            "footer": "Company number 01234567\nThank you!",
        },
        "prices_include_tax": true,
        "shipping_methods": [
            {"id": "post", "name": "Post", "countries": null, "price": usd(500)},
        ],
        "taxes": [{"country": "GB", "name": "VAT", "percent": "20", "on_shipping": true}],
    });
    let update = admin.call("PUT", "/settings").header("if-match", "\"0\"").json(&settings);
    update.send().await.expect(200);
    app.advance(Duration::from_secs(2));
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let address = json!({
        "name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "city": "London",
        "country": "GB",
    });
    let items = json!([{"product_id": mug["id"], "quantity": 2}]);
    let body = json!({"items": items, "shipping_address": address, "shipping_method": "post"});
    let order = ada.post("/orders", body).await.expect(201);
    app.advance(Duration::from_secs(24 * 3600));
    let admin = admin.with_new_session().await;
    admin.put(&format!("/orders/{}", id(&order)), json!({"status": "paid"})).await.expect(200);

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let mail = app.mails_to(ADA).pop().expect("a mail");
    let (id, number) = (id(&order), order["number"].as_str().expect("a number"));
    assert_eq!(mail.subject, "Your receipt from Bodega");
    let text = format!(
        "\
Your receipt from Bodega

Thank you! Your payment for order {number} has arrived.

Books & Mugs Ltd
1 Harbour Road
Bristol
Tax number: GB123456789

Ordered on 2026-01-01, paid on 2026-01-02:

2 × Stoneware Mug, 18.00 USD each: 36.00 USD
Shipping (Post): 5.00 USD
Total: 41.00 USD
Including VAT (20 %): 6.83 USD

Taxes:
VAT (20 %): 34.17 USD net, 6.83 USD tax

Shipping address:
Ada Lovelace
12 St James's Square
London
GB

Company number 01234567
Thank you!

This is a receipt for your payment, not an invoice.

View your order:
https://shop.example/orders/{id}

-- 
Bodega"
    );
    assert_eq!(mail.text, text);
}

#[tokio::test]
async fn a_customer_and_a_guest_are_told_that_an_order_has_expired() {
    let builder = App::builder().configure(|config| {
        config.payment_methods.guests = vec![PaymentMethod::Manual];
    });
    let app = builder.start().await;
    let ada = account(&app).await;
    let order = order(&app, &ada).await;
    let body = json!({"items": [{"sku": "TEE-M", "quantity": 1}], "email": "guest@example.com"});
    app.anonymous().post("/orders", body).await.expect(201);
    app.deliver_mail().await;
    app.advance(Duration::from_secs(7 * 24 * 3600));
    app.run_job("expire-orders", json!({"source": "aws.events"})).await.expect("a run");

    assert_eq!(app.deliver_mail().await, [""; 0]);

    let number = order["number"].as_str().expect("a number");
    let mail = app.mails_to(ADA).pop().expect("a mail");
    assert_eq!(mail.subject, "Your order at Bodega has expired");
    let says = format!("Your order {number} was not paid in time. It contained:");
    assert!(mail.text.contains(&says), "{}", mail.text);
    let mail = app.mails_to("guest@example.com").pop().expect("a mail");
    assert_eq!(mail.subject, "Your order at Bodega has expired");
}
