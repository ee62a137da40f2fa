//! Writes the demo data into the table, through the shop's own store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use serde_json::json;
use shared::Ctx;
use shared::auth::issuer::Issuer;
use shared::auth::password;
use shared::config::Config;
use shared::context::Clock;
use shared::domain::category::{Category, CategoryDraft};
use shared::domain::email::Email;
use shared::domain::ids::ProductId;
use shared::domain::invalid::{Invalid, Refused};
use shared::domain::money::Currency;
use shared::domain::password::NewPassword;
use shared::domain::product::ProductDraft;
use shared::domain::slug::Slug;
use shared::domain::text::{CategoryName, Name};
use shared::domain::time::Timestamp;
use shared::domain::user::{AccountStatus, Address, Role, User, UserSummary};
use shared::services::{products, rebuild, registration};
use shared::store::{Read, Store};
use tokio::task::JoinSet;

use super::accounts::{ACCOUNTS, Account, LEAVER, SHOPPER};
use super::categories::{CATEGORY_TREE, TreeNode};
use super::products::{DEMO_END, DemoProduct, products};
use super::{mailed_tokens, purchases, reviews, sessions};
use crate::failure::{Failure, Result};

/// The number of concurrent tasks that write products.
const WRITERS: usize = 8;

/// Loads the demo data unless it exists, and returns the number of products that were added.
///
/// The order is written last: if it exists, all other demo data does. An interrupted load is
/// completed by the next one.
pub async fn load(config: &Config) -> Result<usize> {
    let ctx = context_at_demo_end(config);
    let (store, currency) = (&ctx.store, ctx.currency());
    add_categories(&ctx).await?;
    if is_loaded(store).await? {
        restore_password(store, &LEAVER).await?;
        create_sessions(store).await?;
        add_reviews(&ctx).await?;
        return Ok(0);
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let mut added = 0;
            for product in products().skip(writer).step_by(WRITERS) {
                added += usize::from(add_product(&store, currency, &product).await?);
            }
            Ok::<_, Failure>(added)
        });
    }
    let mut added = 0;
    while let Some(written) = writers.join_next().await {
        added += written.map_err(|error| failed("products", error))??;
    }
    for account in ACCOUNTS.iter().chain([&LEAVER]) {
        add_account(store, account).await?;
    }
    add_reviews(&ctx).await?;
    list_products(&ctx).await?;
    create_sessions(store).await?;
    mailed_tokens::create(store).await.map_err(|error| failed("mails", format!("{error:?}")))?;
    let bought = purchases::create(&ctx, &SHOPPER).await;
    bought.map_err(|error| failed("purchases", format!("{error:?}")))?;
    Ok(added)
}

/// Writes the catalogue's log, so that lists show the products at once: the stream's records of them
/// are delivered later.
async fn list_products(ctx: &Ctx) -> Result<()> {
    let rebuilt = rebuild::rebuild(ctx, &BTreeSet::new(), &BTreeSet::new(), |_| {}).await;
    rebuilt.map(drop).map_err(|error| failed("lists", format!("{error:?}")))
}

/// Creates the context of the shop, with a clock that stands at [`DEMO_END`].
fn context_at_demo_end(config: &Config) -> Ctx {
    let clock = Clock::Manual(Arc::new(AtomicI64::new(DEMO_END as i64)));
    Ctx::with(config.clone(), Store::new(config, None), Issuer::default(), clock)
}

/// Creates the demo sessions. Also called when the demo data exists: a session may have ended
/// since.
async fn create_sessions(store: &Store) -> Result<()> {
    let begun = sessions::create(store, ACCOUNTS.iter().chain([&LEAVER])).await;
    begun.map_err(|error| failed("sessions", format!("{error:?}")))
}

async fn add_reviews(ctx: &Ctx) -> Result<()> {
    let added = reviews::create(ctx, &SHOPPER).await;
    added.map_err(|error| failed("reviews", format!("{error:?}")))
}

async fn is_loaded(store: &Store) -> Result<bool> {
    let order = store.orders().find(purchases::order_id()).await;
    order.map(|order| order.is_some()).map_err(|error| failed("orders", format!("{error:?}")))
}

/// Adds the categories that do not exist. Also called when the demo data exists: an older version
/// had none, and an event in `events/` deletes one.
async fn add_categories(ctx: &Ctx) -> Result<()> {
    for TreeNode { slug, name, parent } in &CATEGORY_TREE {
        let refusal = |refused: Refused| failed(name, refused.detail);
        let parent = parent.map(|parent| Slug::parse(parent.to_owned())).transpose();
        let name = CategoryName::parse((*name).to_owned()).map_err(refusal)?;
        let draft = CategoryDraft { name, parent: parent.map_err(refusal)? };
        let slug = Slug::parse((*slug).to_owned()).map_err(refusal)?;
        match ctx.store.categories().create(&slug, &Category::new(draft), ctx.now()).await {
            Ok(()) | Err(shared::Error::Conflict(_)) => {}
            Err(error) => return Err(failed(slug, format!("{error:?}"))),
        }
    }
    Ok(())
}

/// Adds a product; returns `false` if it exists.
async fn add_product(store: &Store, currency: Currency, demo: &DemoProduct) -> Result<bool> {
    let bad = |error: Invalid| failed(&demo.name, format!("{error:?}"));
    let draft: ProductDraft =
        deserr::deserialize::<_, _, Invalid>(demo.body(currency.code())).map_err(bad)?;
    let id = ProductId::from_uuid(demo.uuid);
    match store.products().get(id, Read::Consistent).await {
        Ok(_) => return Ok(false),
        Err(shared::Error::NotFound) => {}
        Err(error) => return Err(failed(&demo.name, format!("{error:?}"))),
    }
    let product = draft.create(id, currency, timestamp(demo.created_at)).map_err(bad)?;
    let created = products::add(store, &product).await;
    created.map(|()| true).map_err(|error| failed(&demo.name, format!("{error:?}")))
}

async fn add_account(store: &Store, account: &Account) -> Result<()> {
    let user = user(account)?;
    let failure = |error| failed(account.email, format!("{error:?}"));
    if store.users().get(user.id, Read::Consistent).await.map_err(failure)?.is_some() {
        return Ok(());
    }
    let password = NewPassword::parse(account.password.to_owned());
    let hash =
        password::hash(&password.map_err(|refused| refusal(account, refused))?).map_err(failure)?;
    registration::create_account(store, &user, &hash).await.map(drop).map_err(failure)
}

/// Restores an account's demo password, which an event in `events/` may have changed: the shop
/// rejects a change to the current password, so without this the event would work only once.
async fn restore_password(store: &Store, account: &Account) -> Result<()> {
    let (email, failure) = (email(account)?, |error| failed(account.email, format!("{error:?}")));
    let Some(credential) = store.credentials().get(&email).await.map_err(failure)? else {
        return Ok(());
    };
    let password = NewPassword::parse(account.password.to_owned());
    let password = password.map_err(|refused| refusal(account, refused))?;
    let hash = password::hash(&password).map_err(failure)?;
    store.credentials().replace_hash(&email, &credential, &hash).await.map_err(failure)
}

fn user(account: &Account) -> Result<User> {
    let role = if account.role == "admin" { Role::Admin } else { Role::Customer };
    let addresses = account.address.iter().map(|address| {
        deserr::deserialize::<Address, _, Invalid>(json!({
            "label": address.label,
            "name": account.name,
            "line1": address.line1,
            "city": address.city,
            "region": address.region,
            "postal_code": address.postal_code,
            "country": address.country,
        }))
        .map_err(|error| failed(account.email, format!("{error:?}")))
    });
    let summary = UserSummary {
        email: email(account)?,
        name: Name::parse(account.name.to_owned()).map_err(|refused| refusal(account, refused))?,
        phone: None,
        role,
        email_verified: true,
        status: AccountStatus::Active,
        created_at: timestamp(account.created_at()),
        updated_at: timestamp(account.created_at()),
    };
    Ok(User {
        id: account.user_id(),
        version: User::FIRST_VERSION,
        summary,
        addresses: addresses.collect::<Result<_>>()?,
        addresses_updated_at: None,
    })
}

fn email(account: &Account) -> Result<Email> {
    Email::parse(account.email.to_owned()).map_err(|refused| refusal(account, refused))
}

fn timestamp(millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn refusal(account: &Account, refused: Refused) -> Failure {
    failed(account.email, refused.detail)
}

fn failed(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Failure {
    Failure::new(format!(
        "can't load the demo data ({what}): {why}; start with --no-demo to skip it"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use shared::store::Read;

    use super::*;
    use crate::database::Database;
    use crate::demo::COUNT;
    use crate::template::Template;

    #[test]
    fn the_demo_accounts_are_one_of_each_role() {
        let users: Vec<_> = ACCOUNTS.iter().map(|account| user(account).unwrap()).collect();
        assert_eq!(users[0].summary.role, Role::Admin);
        assert_eq!(users[1].summary.role, Role::Customer);
        assert_eq!(users[1].addresses.len(), 1);
    }

    #[tokio::test]
    async fn the_demo_data_is_loaded_once() {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let definition = Template::read(&template).unwrap().table_definition().unwrap();
        let database = Database::in_memory().unwrap();
        database.ensure_table("bodega", &definition).unwrap();
        let served = database.serve().unwrap();
        let config = shared::config::Config::read(|name| match name {
            "TABLE_NAME" => Some("bodega".to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(served.url()),
            "AWS_REGION" => Some("us-east-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            _ => None,
        })
        .unwrap();

        assert_eq!(load(&config).await, Ok(COUNT));
        assert_eq!(load(&config).await, Ok(0));

        let tree = Store::new(&config, None).categories().tree(Read::Consistent).await.unwrap();
        assert_eq!(tree.categories.len(), CATEGORY_TREE.len());
        for product in products() {
            let category = Slug::parse(product.category.to_owned()).unwrap();
            assert!(tree.categories.contains_key(&category), "{category}");
        }
        let store = Store::new(&config, None);
        let last = products().last().unwrap();
        let product =
            store.products().get(ProductId::from_uuid(last.uuid), Read::Consistent).await.unwrap();
        assert_eq!(product.product.name.as_str(), last.name);
        assert_eq!(product.variants.len(), last.variants.len());
    }
}
