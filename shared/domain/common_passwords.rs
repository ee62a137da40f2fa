//! Common passwords, which an attacker tries first: no user may choose one.
//!
//! The list holds the entries of Django's list of common passwords that are long enough to be
//! allowed otherwise; common-passwords.LICENSE names its origin, its licence, and the command that
//! created it.

/// One password for each line, in lower case, sorted by their bytes.
const LIST: &str = include_str!("common-passwords.txt");

/// Sequences that people type along, forwards or backwards; after its end each begins again.
const SEQUENCES: [&str; 3] =
    ["0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"];

/// The most characters of a sequence that counts as common.
const MAX_SEQUENCE_LENGTH: usize = 16;

/// Whether a password is in the list, a part of a sequence, or one character repeated; upper and
/// lower case make no difference.
pub(super) fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    is_listed(&password) || is_sequence(&password)
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

fn is_sequence(password: &str) -> bool {
    let backwards: String = password.chars().rev().collect();
    let is_repeated = password.chars().zip(password.chars().skip(1)).all(|(one, next)| one == next);
    let is_part_of = |sequence: &str| {
        let repeated = sequence.repeat(3);
        repeated.contains(password) || repeated.contains(&backwards)
    };
    password.chars().count() <= MAX_SEQUENCE_LENGTH
        && (is_repeated || SEQUENCES.into_iter().any(is_part_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_long_and_sorted() {
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
    fn every_entry_is_found_and_nothing_else() {
        for entry in LIST.lines() {
            assert!(is_listed(entry), "{entry}");
            assert!(!is_listed(&format!("{entry} of mine")), "{entry}");
        }
        for (why, password) in [
            ("before the first", " "),
            ("after the last", "~~~~~~~~~"),
            ("nothing", ""),
            ("two lines", "password\npassword1"),
            ("not ASCII", "ï»¿password"),
        ] {
            assert!(!is_listed(password), "{why}");
        }
    }

    #[test]
    fn listed_passwords_are_common_in_upper_and_lower_case() {
        for password in ["password", "PassWord1", "IloveYou", "1q2w3e4r", "Passwort", "football"] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn sequences_and_repeated_characters_are_common() {
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
    fn a_password_that_only_resembles_a_common_one_is_not_common() {
        for password in ["correct horse", "01234568", "qwertyuj", "!!!!!!!?", &"x".repeat(128)] {
            assert!(!is_common(password), "{password}");
        }
    }
}
