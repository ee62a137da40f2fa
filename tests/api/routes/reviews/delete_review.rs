//! `DELETE /products/{product_id}/reviews/{review_id}`

use tests::app::App;
use tests::samples::{create_product, product};

use super::{path, rating, review};

#[tokio::test]
async fn a_deleted_review_does_not_count_and_its_author_can_write_another_one() {
    let app = App::start().await;
    let (admin, ada, bob) =
        (app.admin().await, app.customer("ada").await, app.customer("bob").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let of_ada = review(&ada, &mug, 5).await.expect(201);
    let of_bob = review(&bob, &mug, 2).await.expect(201);
    ada.delete(&path(&of_ada)).await.expect(204);
    assert_eq!(rating(&ada, &mug).await, (Some("2.00".to_owned()), 1));
    ada.delete(&path(&of_ada)).await.expect_problem(404, "not_found");
    review(&ada, &mug, 4).await.expect(201);
    admin.delete(&path(&of_bob)).await.expect(204);
    assert_eq!(rating(&ada, &mug).await, (Some("4.00".to_owned()), 1));
    review(&bob, &mug, 3).await.expect(201);
}

#[tokio::test]
async fn the_review_of_a_product_that_was_withdrawn_can_still_be_deleted() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let created = review(&ada, &mug, 5).await.expect(201);
    admin.delete(&tests::samples::path_of(&mug)).await.expect(204);
    ada.delete(&path(&created)).await.expect(204);
}
