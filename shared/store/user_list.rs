//! Everybody with an account, by name.

use super::db::{Read, Store};
use super::expression::is;
use super::item::{Item, from_item, text};
use super::keys::{self, USERS_BY_NAME};
use super::list::{Order, Query, Range, cursor, fingerprint, invalid_cursor, position};
use crate::domain::email::Email;
use crate::domain::error::Result;
use crate::domain::page::{Page, Paging, Start};
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
    pub async fn users_by_name(&self, wanted: &UserFilter, paging: &Paging) -> Result<Page<User>> {
        if wanted.role == Some(Role::Admin) {
            return self.admins_by_name(wanted, paging).await;
        }
        let query = Query {
            index: USERS_BY_NAME,
            partition: keys::user_listing(),
            named: String::new(),
            range: wanted.name.clone().map_or(Range::All, Range::Prefix),
            order: Order::Ascending,
            filter: wanted.role.map(|role| is("role", role)),
        };
        self.list(&query, paging).await
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

    async fn admins_by_name(&self, wanted: &UserFilter, paging: &Paging) -> Result<Page<User>> {
        let list = fingerprint(&format!("admins {wanted:?}"));
        let part = paging.part()?;
        let after = match &part.start {
            Start::After(cursor) => Some(position(&list, cursor)?),
            Start::First | Start::Skip(_) => None,
        };
        let after = after.map(|place| place.parse::<NameKey>().map_err(|_| invalid_cursor()));
        let after = after.transpose()?;
        let admins = self.admins().await?;
        let ids = admins.active.into_iter().chain(admins.disabled).map(keys::profile).collect();
        let items = self.batch_get(ids, &[], Read::Eventual).await?;
        let users: Vec<User> = items.into_iter().map(from_item).collect::<Result<_>>()?;
        let mut users: Vec<_> = users
            .into_iter()
            .filter(|user| wanted.fits(user))
            .map(|user| (NameKey::of(&user), user))
            .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
            .collect();
        users.sort_by(|(a, _), (b, _)| a.cmp(b));
        let size = part.size.get() as usize;
        let goes_on = users.len() > size;
        users.truncate(size);
        let next = users.last().filter(|_| goes_on);
        let next = next.map(|(place, _)| cursor(&list, &place.to_string()));
        Ok(Page { items: users.into_iter().map(|(_, user)| user).collect(), next })
    }
}
