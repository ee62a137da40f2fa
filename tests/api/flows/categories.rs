//! Races of categories: no cycle, no category without its parent, and counters that are true,
//! whatever admins do at once.

use futures_util::future::{join, join_all, join3};
use serde_json::json;
use shared::domain::category::{Category, CategoryDraft, CategoryTree};
use shared::domain::text::CategoryName;
use shared::store::categories::NotDeleted;
use shared::store::{Read, keys};
use tests::answer::Answer;
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{set_counters, slug};

/// Rounds of each race.
const ROUNDS: usize = 25;

async fn create(admin: &Persona<'_>, slug: &str, parent: Option<&str>) -> Answer {
    let body = json!({"slug": slug, "name": slug, "parent": parent});
    admin.post("/categories", body).await
}

async fn move_to(admin: &Persona<'_>, slug: &str, parent: Option<&str>) -> Answer {
    admin.put(&format!("/categories/{slug}"), json!({"name": slug, "parent": parent})).await
}

async fn delete(admin: &Persona<'_>, slug: &str) -> Answer {
    admin.delete(&format!("/categories/{slug}")).await
}

/// Reads the tree, and checks that every category has its parent, that none is inside itself, and
/// that all counters are true.
async fn sound(app: &App) -> CategoryTree {
    let tree = app.unrestricted.store.categories().tree(Read::Consistent).await.expect("a tree");
    for (slug, category) in &tree.categories {
        let mut path = vec![slug];
        while let Some(parent) = &tree.categories[path[path.len() - 1]].parent {
            assert!(tree.categories.contains_key(parent), "{path:?} lacks its parent {parent}");
            assert!(!path.contains(&parent), "{path:?} is inside itself");
            path.push(parent);
        }
        let children = tree.categories.values().filter(|one| one.parent.as_ref() == Some(slug));
        assert_eq!(category.children, children.count() as u64, "the children of {slug}");
    }
    let items = app.items().await;
    let counted = items.iter().find_map(|item| item.get("categories")?.as_n().ok()).cloned();
    let counted = counted.map_or(0, |number| number.parse().expect("a number"));
    assert_eq!(counted, tree.categories.len(), "the number of categories");
    tree
}

fn name(text: &str) -> CategoryName {
    CategoryName::parse(text.to_owned()).expect("a name")
}

fn parent(tree: &CategoryTree, of: &str) -> Option<String> {
    tree.categories[&slug(of)].parent.as_ref().map(ToString::to_string)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_move_categories_into_each_other_one_wins() {
    let app = App::start().await;
    let (ada, bob) = (app.admin().await, app.admin().await);
    for slug in ["a", "b"] {
        ada.create_category(slug).await;
    }
    for round in 0..ROUNDS {
        app.race(2);
        let (one, other) = join(move_to(&ada, "a", Some("b")), move_to(&bob, "b", Some("a"))).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{round}: {one:?} {other:?}");
        let loser = if one.status == 409 { one } else { other };
        loser.expect_problem(409, "category_cycle");
        sound(&app).await;
        for slug in ["a", "b"] {
            move_to(&ada, slug, None).await.expect(200);
        }
    }
}

/// The cycle would be closed by a move that is far from the others: `a` into `b2`, `b` into `c2`
/// and `c` into `a2`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_moves_at_once_make_no_ring() {
    let app = App::start().await;
    let admin = app.admin().await;
    for one in ["a", "b", "c"] {
        admin.create_category(one).await;
        admin.create_subcategory(&format!("{one}2"), one).await;
    }
    for _ in 0..ROUNDS {
        app.race(3);
        let moves = [("a", "b2"), ("b", "c2"), ("c", "a2")];
        let answers = join_all(moves.map(|(slug, to)| move_to(&admin, slug, Some(to)))).await;
        let moved = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(moved, 2, "{answers:?}");
        sound(&app).await;
        for one in ["a", "b", "c"] {
            move_to(&admin, one, None).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_and_a_new_subcategory_exclude_each_other() {
    let app = App::start().await;
    let (ada, bob) = (app.admin().await, app.admin().await);
    for round in 0..ROUNDS {
        let (outer, inner) = (format!("outer-{round}"), format!("inner-{round}"));
        ada.create_category(&outer).await;
        app.race(2);
        let (deleted, created) =
            join(delete(&ada, &outer), create(&bob, &inner, Some(&outer))).await;
        match (deleted.status, created.status) {
            (204, 422) => assert_eq!(created.broken(), "/parent unknown_category"),
            (409, 201) => drop(deleted.expect_problem(409, "category_not_empty")),
            other => panic!("{other:?}: {deleted:?} {created:?}"),
        }
        sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_and_a_move_into_it_exclude_each_other() {
    let app = App::start().await;
    let (ada, bob) = (app.admin().await, app.admin().await);
    ada.create_category("mugs").await;
    for round in 0..ROUNDS {
        let outer = format!("outer-{round}");
        ada.create_category(&outer).await;
        app.race(2);
        let (deleted, moved) =
            join(delete(&ada, &outer), move_to(&bob, "mugs", Some(&outer))).await;
        match (deleted.status, moved.status) {
            (204, 422) => assert_eq!(moved.broken(), "/parent unknown_category"),
            (409, 200) => drop(deleted.expect_problem(409, "category_not_empty")),
            other => panic!("{other:?}: {deleted:?} {moved:?}"),
        }
        sound(&app).await;
        move_to(&ada, "mugs", None).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_is_deleted_and_moved_at_once() {
    let app = App::start().await;
    let (ada, bob) = (app.admin().await, app.admin().await);
    for round in 0..ROUNDS {
        let (one, other) = (format!("one-{round}"), format!("other-{round}"));
        ada.create_category(&one).await;
        ada.create_category(&other).await;
        ada.create_subcategory("mugs", &one).await;
        app.race(2);
        let (deleted, moved) =
            join(delete(&ada, "mugs"), move_to(&bob, "mugs", Some(&other))).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        assert!([200, 404].contains(&moved.status), "{moved:?}");
        sound(&app).await;
    }
}

/// Another admin deletes or moves the category after the read.
#[tokio::test]
async fn a_category_is_renamed_only_where_it_was_read() {
    let app = App::start().await;
    let admin = app.admin().await;
    let categories = app.unrestricted.store.categories();
    admin.create_category("home").await;
    for moves in [false, true] {
        admin.create_category("mugs").await;
        let mugs = categories.get(&slug("mugs")).await.expect("a category");
        let renamed = Category { name: name("Cups"), ..mugs };
        match moves {
            true => drop(move_to(&admin, "mugs", Some("home")).await.expect(200)),
            false => drop(delete(&admin, "mugs").await.expect(204)),
        }
        let before = app.contents().await;
        let is_renamed = categories.rename(&slug("mugs"), &renamed).await.expect("an outcome");
        assert!(!is_renamed, "decide again");
        assert_eq!(app.contents().await, before);
    }
}

/// Its old parent has another subcategory, which must stay counted.
#[tokio::test]
async fn a_category_is_deleted_only_where_it_was_read() {
    let app = App::start().await;
    let admin = app.admin().await;
    let categories = app.unrestricted.store.categories();
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    admin.create_subcategory("cups", "home").await;
    move_to(&admin, "mugs", None).await.expect(200);
    let now = app.unrestricted.now();
    let deleted = categories.delete(&slug("mugs"), Some(&slug("home")), now).await;
    assert_eq!(deleted.expect("an outcome"), Err(NotDeleted::ChangedMeanwhile));
    sound(&app).await;
}

/// A mover reads that `b` is at the root. Before it writes, `b` is deleted and created anew inside
/// `a`, which neither `a`'s nor `b`'s item shows.
#[tokio::test]
async fn a_category_that_is_created_anew_elsewhere_is_another_one_for_a_move() {
    let app = App::start().await;
    let admin = app.admin().await;
    let categories = app.unrestricted.store.categories();
    admin.create_category("a").await;
    admin.create_category("b").await;
    let read = categories.tree(Read::Consistent).await.expect("a tree");
    let draft = CategoryDraft { name: name("a"), parent: Some(slug("b")) };
    let after = read.change(&slug("a"), &draft).expect("no cycle");

    delete(&admin, "b").await.expect(204);
    create(&admin, "b", Some("a")).await.expect(201);
    let now = app.unrestricted.now();
    let moved = categories.relocate(&read, &slug("a"), None, &after, now).await;
    assert!(!moved.expect("an outcome"), "decide again");
    let tree = sound(&app).await;
    assert_eq!((parent(&tree, "a"), parent(&tree, "b").as_deref()), (None, Some("a")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_that_move_and_are_created_anew_at_once_make_no_cycle() {
    let app = App::start().await;
    let (ada, bob) = (app.admin().await, app.admin().await);
    ada.create_category("a").await;
    ada.create_category("b").await;
    for _ in 0..ROUNDS {
        let anew = async {
            delete(&bob, "b").await;
            create(&bob, "b", Some("a")).await
        };
        let (moved, made) = join(move_to(&ada, "a", Some("b")), anew).await;
        assert!([200, 409, 422].contains(&moved.status), "{moved:?}");
        assert!([201, 409].contains(&made.status), "{made:?}");
        sound(&app).await;
        for slug in ["a", "b"] {
            move_to(&ada, slug, None).await.expect(200);
        }
    }
}

/// Three admins change six categories at random, in a database that fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_stays_sound_whatever_admins_do_at_once() {
    let random = Random::seeded();
    let faults = Faults {
        conflicts: 5,
        throttles: 5,
        lost_responses: 5,
        random: Some(Random::seeded()),
        ..Faults::default()
    };
    let app = App::builder().faults(faults).start().await;
    let admins = (app.admin().await, app.admin().await, app.admin().await);
    let names = ["a", "b", "c", "d", "e", "f"];
    let change = async |admin: &Persona<'_>, round: u64, what: u64, one: u64, other: u64| {
        let (one, other) = (names[one as usize], names.get(other as usize).copied());
        let answer = match what {
            0 => delete(admin, one).await,
            1..4 => create(admin, one, other).await,
            _ => move_to(admin, one, other).await,
        };
        let expected = [200, 201, 204, 404, 409, 422, 503];
        assert!(expected.contains(&answer.status), "{round}: {answer:?}");
    };
    for round in 0..60 {
        let next = || (random.below(10), random.below(6), random.below(7));
        let [one, two, three] = [next(), next(), next()];
        join3(
            change(&admins.0, round, one.0, one.1, one.2),
            change(&admins.1, round, two.0, two.1, two.2),
            change(&admins.2, round, three.0, three.1, three.2),
        )
        .await;
        sound(&app).await;
    }
}

/// `b` has a subcategory, which must stay counted.
#[tokio::test]
async fn a_category_moves_only_from_where_it_was_read() {
    let app = App::start().await;
    let admin = app.admin().await;
    let categories = app.unrestricted.store.categories();
    for (outer, inner) in [("a", "a2"), ("b", "b2")] {
        admin.create_category(outer).await;
        admin.create_subcategory(inner, outer).await;
    }
    let tree = sound(&app).await;
    let after = tree.change(&slug("a2"), &CategoryDraft { name: name("a2"), parent: None });
    let (after, now) = (after.expect("a move to the root"), app.unrestricted.now());

    let moved = categories.relocate(&tree, &slug("a2"), Some(&slug("b")), &after, now).await;

    assert!(!moved.expect("an outcome"), "decide again");
    sound(&app).await;
}

#[tokio::test]
async fn a_category_moves_only_into_one_that_exists() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("a").await;
    let tree = sound(&app).await;
    let draft = CategoryDraft { name: name("a"), parent: Some(slug("never-created")) };
    let (after, now) = (Category::new(draft), app.unrestricted.now());

    let moved = app.unrestricted.store.categories();
    let moved = moved.relocate(&tree, &slug("a"), None, &after, now).await;

    assert!(!moved.expect("an outcome"), "decide again");
    sound(&app).await;
}

/// Only a damaged table has such counters. They say nothing less than nothing afterwards.
#[tokio::test]
async fn counters_never_fall_below_zero() {
    let app = App::start().await;
    let admin = app.admin().await;
    let (categories, now) = (app.unrestricted.store.categories(), app.unrestricted.now());
    admin.create_category("home").await;
    admin.create_subcategory("mugs", "home").await;
    let tree = categories.tree(Read::Consistent).await.expect("a tree");
    let draft = CategoryDraft { name: name("mugs"), parent: None };
    let at_root = tree.change(&slug("mugs"), &draft).expect("a move to the root");
    let (mugs, home) = (slug("mugs"), slug("home"));
    for (key, counter) in
        [(keys::category(&home), "children"), (keys::category_tree(), "categories")]
    {
        set_counters(&app, key.clone(), &[(counter, 0)]).await;
        let before = app.contents().await;

        let deleted = categories.delete(&mugs, Some(&home), now).await.expect("an outcome");
        assert_eq!(deleted, Err(NotDeleted::ChangedMeanwhile), "{counter}");
        if counter == "children" {
            let moved = categories.relocate(&tree, &mugs, Some(&home), &at_root, now).await;
            assert!(!moved.expect("an outcome"), "{counter}");
        }

        assert_eq!(app.contents().await, before, "{counter}");
        set_counters(&app, key, &[(counter, 2)]).await;
    }
}
