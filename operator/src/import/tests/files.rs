//! Files that are not what they seem, and rows that can't be read.

use super::{TestFile, changed, members, open, read, refused, report, settings};
use crate::import::{Format, Source};

const HEADER: &str = "sku,name,price";

#[test]
fn a_file_that_can_not_be_read_says_what_to_do() {
    let utf_16: Vec<u8> =
        "\u{FEFF}sku,name\nA,B".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, told) in [
        (b"".to_vec(), "is empty"),
        (b"\xEF\xBB\xBF".to_vec(), "is empty"),
        (b" \r\n\n".to_vec(), "is empty"),
        (b"sku,name,price\r\n".to_vec(), "a header and no rows"),
        (b"sku,name,price\n,,\n , ,\n".to_vec(), "a header and no rows"),
        (utf_16, "is UTF-16, which spreadsheets call Unicode text: save it as CSV UTF-8"),
        (b"s\0k\0u\0,\0".to_vec(), "line 1 has a NUL byte"),
        (b"sku,name,price\nA,Mug,1\nB,Gr\xF6\xDFe,1\n".to_vec(), "line 3 is not UTF-8"),
        (b"sku,name,price\nB,\x80,1\n".to_vec(), "Windows-1252"),
        (b"PK\x03\x04\x14\0".to_vec(), "Excel workbook"),
        (b"[{\"sku\": \"A\"}]".to_vec(), "is a JSON array"),
        (b"<html>".to_vec(), "line 1 is not a header that is known"),
        (b"sku,\"name\nA,B".to_vec(), "line 1: a quotation mark stands alone"),
    ] {
        let failure = open(&bytes).unwrap_err().to_string();
        assert!(failure.contains(told), "{told}: {failure}");
    }
    let missing = Source::open("no/such/file.csv".as_ref(), &settings("USD")).unwrap_err();
    assert!(missing.to_string().starts_with("can't read no/such/file.csv"), "{missing}");
    let folder = Source::open(&std::env::temp_dir(), &settings("USD")).unwrap_err();
    assert!(folder.to_string().contains("is a folder"), "{folder}");
}

#[test]
fn an_unknown_header_is_told_with_what_was_found_and_what_is_known() {
    let header = "Artikel;Bezeichnung;Preis;a;b;c;d;e;f;g;h;i;j;k\n1;2;3;;;;;;;;;;;";
    let failure = open(header).unwrap_err().to_string();
    for told in [
        "«Artikel», «Bezeichnung», «Preis»",
        "and 2 more",
        "`sku`",
        "Handle",
        "Regular price",
        "--columns",
    ] {
        assert!(failure.contains(told), "{told}: {failure}");
    }
}

#[test]
fn a_column_that_is_there_twice_is_refused() {
    for (header, told) in [
        ("sku,name,name", "the columns 2 («name») and 3 («name») are the same"),
        ("Handle,Title,Price,URL handle", "the columns 1 («Handle») and 4 («URL handle»)"),
        (
            "ID,Type,Name,Regular price,Regulärer Preis",
            "4 («Regular price») and 5 («Regulärer Preis»)",
        ),
        ("sku,name,colour", "column 3: there is no column «colour»: known are group, sku"),
        ("sku,name,", "column 3: it has no name"),
        ("sku,option:", "column 2: `option:` has no name"),
        ("sku,option:Size,option:size", "option:Size and option:size are the same option"),
        ("sku,image_alts", "add the column images"),
    ] {
        let failure = open(format!("{header}\nA,B,C,D")).unwrap_err().to_string();
        assert!(failure.contains(told), "{header}: {failure}");
    }
}

#[test]
fn the_same_rows_come_of_any_encoding_mark_separator_and_line_end() {
    let expected = read(&[HEADER, "A,Mug,5", "B,\"Cup, small\",6"]);
    assert_eq!(members(&expected).len(), 2);
    for separator in [",", ";", "\t"] {
        for end in ["\n", "\r\n", "\r", "\n\n"] {
            for mark in ["", "\u{FEFF}"] {
                let rows = ["sku,name,price", "A,Mug,5", "B,\"Cup\u{1} small\",6", ""];
                let text = rows.join(end).replace(',', separator).replace('\u{1}', ",");
                let read = open(format!("{mark}{text}")).unwrap();
                let named = open(format!("{mark}sep={separator}{end}{text}")).unwrap();
                assert_eq!(members(&named), members(&expected), "{separator:?} {end:?} {mark:?}");
                assert_eq!(members(&read), members(&expected), "{separator:?} {end:?} {mark:?}");
            }
        }
    }
}

#[test]
fn a_row_that_can_not_be_read_is_refused_by_line_and_the_others_are_taken() {
    let large = format!("G,\"{}\",1", "x\n".repeat(1_100_000));
    let groups = read(&[
        HEADER,
        "A,Mug,1",
        "B,Mug",
        "C,Mug,1,1",
        "sku,name,price",
        "D,5\" pipe,1",
        "E,\"lone,1",
        "F,\"two\nlines\",1",
        &large,
        "H,Mug,1",
    ]);
    assert_eq!(
        refused(&groups),
        [
            (3, "row_too_short"),
            (4, "row_too_long"),
            (5, "header_again"),
            (6, "lone_quote"),
            (7, "lone_quote"),
            (10, "cell_too_large"),
        ]
    );
    let skus: Vec<_> = members(&groups).iter().map(|row| row["sku"].clone()).collect();
    assert_eq!(skus, ["A", "F", "H"]);
    let lines: Vec<_> = groups.iter().flat_map(|group| &group.rows).map(|row| row.line).collect();
    assert_eq!(lines, [2, 8, 1_100_011]);
    for group in &groups {
        for refused in &group.refused {
            assert!(refused.reason.contains(':'), "a remedy: {}", refused.reason);
        }
    }
    let report = report(&groups);
    assert_eq!((report.products, report.rows), (3, 3));
    assert_eq!(report.refused.get("lone_quote"), Some(&2));
    assert_eq!(changed(&groups), []);
}

#[test]
fn a_format_is_recognized_by_content() {
    for (text, format) in [
        ("{\"sku\": \"A\"}", Format::Ndjson),
        ("\n\n {\"sku\": \"A\"}", Format::Ndjson),
        ("sku\nA", Format::Csv),
        ("name,sku\nA,B", Format::Csv),
        ("Handle,Title,Variant Price\na,A,1", Format::Shopify),
        ("Title,URL handle,Price\nA,a,1", Format::Shopify),
        ("ID,Type,Name,Regular price\n1,simple,A,1", Format::WooCommerce),
        ("Typ;Artikelnummer;Name;Regulärer Preis\nsimple;A;A;1", Format::WooCommerce),
    ] {
        let file = TestFile::new(text);
        assert_eq!(Source::open(&file.0, &settings("USD")).unwrap().format(), format, "{text}");
    }
}

#[test]
fn the_text_of_a_row_is_at_hand_to_be_mended() {
    let file = TestFile::new("\u{FEFF}group,sku,name\r\nt,A,Tee\r\n,B\r\nt,C,\"Tee\r\n2\"\r\n");
    let mut source = Source::open(&file.0, &settings("USD")).unwrap();
    assert_eq!((source.rows(), source.len()), (3, 2));
    assert_eq!(source.header_text().unwrap().as_deref(), Some("group,sku,name"));
    let mut groups = source.groups();
    assert_eq!(groups.texts().unwrap(), [""; 0]);
    for (lines, texts) in [(vec![2, 4], vec!["t,A,Tee", "t,C,\"Tee\r\n2\""]), (vec![3], vec![",B"])]
    {
        assert_eq!(groups.next().unwrap().unwrap().lines, lines);
        assert_eq!(groups.texts().unwrap(), texts);
    }
    assert!(groups.next().is_none());
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    let file = TestFile::new("sku,name\nA,Mug\nB,Cup\n");
    let mut source = Source::open(&file.0, &settings("USD")).unwrap();
    std::fs::write(&file.0, "sku,name\n").unwrap();
    let failure = source.groups().next().unwrap().unwrap_err().to_string();
    assert!(failure.contains("line 2: it has changed meanwhile"), "{failure}");
}
