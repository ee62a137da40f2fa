//! To a customer who has placed an order.

use shared::config::Post;
use shared::domain::ids::{OrderId, UserId};
use shared::{Ctx, Result};

use super::{Told, order};
use crate::letter::Letter;

pub(super) async fn write(
    ctx: &Ctx,
    post: &Post,
    order_id: OrderId,
    user_id: UserId,
) -> Result<Told> {
    let Some((order, user)) = order::read(ctx, order_id, user_id).await? else {
        return Ok(Told::ToNobody);
    };
    let letter = Letter::about(format!("Your order at {}", post.shop.as_str()))
        .says(format!("Thank you. We have your order {order_id}:"))
        .lists(order::goods(&order));
    let letter = order::with_address(letter, &order, &user);
    let letter = order::with_link(letter, &order, post);
    Ok(Told::In(letter.to(&user.email, post)?))
}
