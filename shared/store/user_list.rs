//! Everybody with an account, by name.

use super::db::{Read, Store, failure, text_of};
use super::item::{Item, from_item, key_item, text, value};
use super::keys::{self, USERS_BY_NAME};
use crate::domain::email::Email;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, Part, Start};
use crate::domain::user::{NameKey, Role, User};
use crate::domain::user_filter::UserFilter;

/// What makes a profile's item show up in the list.
pub(super) fn listed(mut profile: Item, user: &User) -> Item {
    profile.insert(USERS_BY_NAME.partition.to_owned(), text(keys::user_listing()));
    profile.insert(USERS_BY_NAME.sort.to_owned(), text(NameKey::of(user)));
    profile
}

impl Store {
    /// People by name. Admins are few, and in a register: they are looked up by it.
    pub async fn users_by_name(
        &self,
        wanted: &UserFilter,
        part: Part<NameKey>,
    ) -> Result<Page<User, NameKey>> {
        match wanted.role {
            Some(Role::Admin) => self.admins_by_name(wanted, part).await,
            _ => self.page_of_users(wanted, part).await,
        }
    }

    /// Whom an address belongs to, if they are wanted.
    pub async fn user_with_email(
        &self,
        email: &Email,
        wanted: &UserFilter,
    ) -> Result<Option<User>> {
        let Some(credential) = self.credential(email).await? else { return Ok(None) };
        let user = self.user(credential.user_id).await?;
        Ok(user.filter(|user| wanted.fits(user)))
    }

    async fn admins_by_name(
        &self,
        wanted: &UserFilter,
        part: Part<NameKey>,
    ) -> Result<Page<User, NameKey>> {
        let admins = self.admins().await?;
        let ids = admins.active.into_iter().chain(admins.disabled).map(keys::profile).collect();
        let items = self.batch_get(ids, None, Read::Eventual).await?;
        let users: Vec<User> = items.into_iter().map(from_item).collect::<Result<_>>()?;
        let mut users: Vec<_> = users
            .into_iter()
            .filter(|user| wanted.fits(user))
            .map(|user| (NameKey::of(&user), user))
            .collect();
        users.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Start::After(position) = &part.start {
            users.retain(|(key, _)| key > position);
        }
        let limit = part.size.get() as usize;
        let goes_on = users.len() > limit;
        users.truncate(limit);
        let next = users.last().filter(|_| goes_on).map(|(key, _)| key.clone());
        Ok(Page { items: users.into_iter().map(|(_, user)| user).collect(), next })
    }

    async fn page_of_users(
        &self,
        wanted: &UserFilter,
        part: Part<NameKey>,
    ) -> Result<Page<User, NameKey>> {
        let start = match part.start {
            // DynamoDB wants a position within the range that it is asked for.
            Start::After(position) if !wanted.begins(&position) => {
                return Err(Error::Malformed {
                    code: "invalid_cursor",
                    detail: "The cursor does not belong to this list; begin again without it."
                        .to_owned(),
                });
            }
            Start::After(position) => Some(start_key(&position)),
            Start::First | Start::Skip(_) => None,
        };
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(USERS_BY_NAME.name)
            .expression_attribute_names("#partition", USERS_BY_NAME.partition)
            .expression_attribute_values(":partition", text(keys::user_listing()))
            .limit(i32::try_from(part.size.get()).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        query = match &wanted.name {
            None => query.key_condition_expression("#partition = :partition"),
            Some(prefix) => query
                .key_condition_expression("#partition = :partition AND begins_with(#name, :prefix)")
                .expression_attribute_names("#name", USERS_BY_NAME.sort)
                .expression_attribute_values(":prefix", text(prefix)),
        };
        if let Some(role) = wanted.role {
            query = query
                .filter_expression("#role = :role")
                .expression_attribute_names("#role", "role")
                .expression_attribute_values(":role", value(&role)?);
        }
        let answer = query.send().await.map_err(|error| failure("Query", &error))?;
        let items = answer.items.unwrap_or_default();
        Ok(Page {
            items: items.into_iter().map(from_item).collect::<Result<_>>()?,
            next: answer.last_evaluated_key.as_ref().map(position_of).transpose()?,
        })
    }
}

/// The profile's key, and its place in the index.
fn start_key(position: &NameKey) -> Item {
    let mut item = key_item(keys::profile(position.user()));
    item.insert(USERS_BY_NAME.partition.to_owned(), text(keys::user_listing()));
    item.insert(USERS_BY_NAME.sort.to_owned(), text(position));
    item
}

fn position_of(end: &Item) -> Result<NameKey> {
    let position = text_of(end, USERS_BY_NAME.sort).and_then(|text| text.parse().ok());
    position.ok_or_else(|| Error::internal("a page of users ends nowhere"))
}
