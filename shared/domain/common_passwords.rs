//! The passwords that are tried first: refused when somebody chooses one.
//!
//! The list is Django's, as far as its entries are long enough: common-passwords.LICENSE has its
//! origin, its licence, and the command that made it.

/// One a line, in lower case and in the order of their bytes.
const LIST: &str = include_str!("common-passwords.txt");

/// What fingers walk along; each goes round.
const WALKS: [&str; 3] = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"];

/// A longer walk is no longer among the first that anybody tries.
const LONGEST_WALK: usize = 16;

/// Whether a password, in whatever case, is in the list, a walk along a row, or one character
/// again and again.
pub(super) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    is_listed(&password) || is_walk(&password)
}

fn is_listed(password: &str) -> bool {
    let (mut from, mut to) = (0, LIST.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let start = LIST[from..middle].rfind('\n').map_or(from, |at| from + at + 1);
        let end = LIST[middle..to].find('\n').map_or(to, |at| middle + at);
        match LIST[start..end].cmp(password) {
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Greater => to = start,
        }
    }
    false
}

fn is_walk(password: &str) -> bool {
    let backwards: String = password.chars().rev().collect();
    let is_still = password.chars().zip(password.chars().skip(1)).all(|(one, next)| one == next);
    let is_along = |walk: &str| {
        let round = walk.repeat(3);
        round.contains(password) || round.contains(&backwards)
    };
    password.chars().count() <= LONGEST_WALK && (is_still || WALKS.into_iter().any(is_along))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_long_and_in_order() {
        let entries: Vec<_> = LIST.lines().collect();
        assert!(entries.len() >= 3_000, "{}", entries.len());
        assert!(entries.is_sorted_by(|one, next| one < next));
        for entry in entries {
            assert!(
                entry.len() >= 8 && entry.is_ascii(),
                "{entry}: shorter ones are refused anyway"
            );
            assert_eq!(entry, entry.to_lowercase());
        }
    }

    #[test]
    fn every_entry_is_found_and_nothing_beside_it() {
        for entry in LIST.lines() {
            assert!(is_listed(entry), "{entry}");
            assert!(!is_listed(&format!("{entry} of mine")), "{entry}");
        }
        for (why, password) in [
            ("before the first", " "),
            ("behind the last", "~~~~~~~~~"),
            ("nothing", ""),
            ("two lines", "password\npassword1"),
            ("not ASCII", "ï»¿password"),
        ] {
            assert!(!is_listed(password), "{why}");
        }
    }

    #[test]
    fn the_usual_ones_are_common_in_any_case() {
        for password in ["password", "PassWord1", "IloveYou", "1q2w3e4r", "Passwort", "football"] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn so_is_what_fingers_do_by_themselves() {
        for password in [
            "!!!!!!!!",
            "ÄÄÄÄÄÄÄÄ",
            "7777777777777777",
            "01234567",
            "1234567890123456",
            "0987654321098",
            "cdefghijk",
            "ZYXWVUTS",
            "wertyuiopasdf",
            "lkjhgfdsa",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for password in ["correct horse", "01234568", "qwertyuj", "!!!!!!!?", &"x".repeat(128)] {
            assert!(!is_common(password), "{password}");
        }
    }
}
