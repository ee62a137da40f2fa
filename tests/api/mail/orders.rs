//! Mail about orders.

use serde_json::{Value, json};
use shared::domain::ids::OrderId;
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
    let id = id(&order);
    assert_eq!(mail.subject, "Your order at Bodega");
    let text = format!(
        "\
Your order at Bodega

Thank you! We have received your order {id}:

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
    let id = id(&order);
    assert_eq!(mail.subject, "Your order at Bodega was cancelled");
    let text = format!(
        "\
Your order at Bodega was cancelled

Your order {id} was cancelled. It contained:

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
