//! Percent-encoding (RFC 3986).

/// Encodes all characters except unreserved ones.
pub(super) fn encode(text: &str) -> String {
    encode_except(text, b"")
}

/// Returns a path that is valid in a URL: between slashes, only the characters that have to be
/// encoded are, whether they were encoded before or not.
pub(super) fn encode_path(path: &str) -> String {
    let segment = |text: &str| {
        encode_except(&decode(text).unwrap_or_else(|| text.to_owned()), b"!$&'()*+,;=:@")
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn encode_except(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            byte if kept.contains(&byte) => encoded.push(byte.into()),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

/// Decodes a text; `None` if an escape is not valid, or the bytes are not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                after
            }
            (b'%', _) => return None,
            (byte, after) => {
                bytes.push(*byte);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_text_is_decoded_to_itself() {
        for text in ["", "a b", "TEE-M", "ü/%", "日本"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("TEE%2dM").as_deref(), Some("TEE-M"));
        for text in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_keeps_its_slashes_and_all_characters_allowed_between_them() {
        for (path, encoded) in [
            ("/a/b", "/a/b"),
            ("/a b/ü", "/a%20b/%C3%BC"),
            ("/100%", "/100%25"),
            ("/%2D/%2d/-", "/-/-/-"),
            ("/a%2Fb", "/a%2Fb"),
            ("/%ff", "/%25ff"),
            ("/(a):@!$&'*+,;=~", "/(a):@!$&'*+,;=~"),
            ("/?#[]\"<>\\^`{|}\n", "/%3F%23%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D%0A"),
            ("", ""),
            ("//", "//"),
        ] {
            assert_eq!(encode_path(path), encoded, "{path}");
            assert_eq!(encode_path(encoded), encoded, "{path}, once more");
        }
    }

    #[test]
    fn every_encoded_path_is_valid_in_a_url() {
        // All paths of three unusual characters: 21,952.
        let odd: Vec<char> = "/%2fF. ?#[]\"<>\\^`{|}\u{0}\n\u{7f}üé🦀+&".chars().collect();
        for (a, b, c) in odd
            .iter()
            .flat_map(|a| odd.iter().map(move |b| (a, b)))
            .flat_map(|(a, b)| odd.iter().map(move |c| (a, b, c)))
        {
            let path = format!("/{a}{b}{c}");
            let encoded = encode_path(&path);
            let mut rest = encoded.as_str();
            while let Some(next) = rest.chars().next() {
                let escape = rest.get(1..3).is_some_and(|hex| u8::from_str_radix(hex, 16).is_ok());
                let is_plain = next.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(next);
                assert!(is_plain || (next == '%' && escape), "{path:?}: {encoded}");
                rest = &rest[if next == '%' { 3 } else { 1 }..];
            }
        }
    }
}
