//! To a customer whose order was cancelled, by them or by the shop.

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
    let letter = Letter::about(format!("Your order at {} was cancelled", post.shop.as_str()))
        .says(format!("Your order {order_id} was cancelled. It was for:"))
        .lists(order::goods(&order))
        .says("Nothing of it will be sent.");
    let letter = order::with_link(letter, &order, post);
    Ok(Told::In(letter.to(&user.email, post)?))
}
