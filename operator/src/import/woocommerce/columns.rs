//! WooCommerce's headers, in English and German.

/// The columns that a file needs, beside `SKU` or `ID`.
pub const REQUIRED: [&str; 3] = ["Type", "Name", "Regular price"];

/// The headers in English, each with what it is in German. WooCommerce's translations have changed,
/// so some have several; those that the import does not read have none.
const HEADERS: [(&str, &[&str]); 30] = [
    ("ID", &[]),
    ("Type", &["Typ"]),
    ("SKU", &["Artikelnummer", "Art.-Nr."]),
    ("GTIN, UPC, EAN, or ISBN", &["GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN, oder ISBN"]),
    ("Name", &[]),
    ("Published", &["Veröffentlicht"]),
    ("Visibility in catalog", &["Sichtbarkeit im Katalog", "Katalogsichtbarkeit"]),
    ("Short description", &["Kurzbeschreibung"]),
    ("Description", &["Beschreibung"]),
    (
        "Date sale price starts",
        &[
            "Datum, an dem Angebotspreis beginnt",
            "Datum, an dem der Angebotspreis beginnt",
            "Angebotspreis gültig ab",
        ],
    ),
    (
        "Date sale price ends",
        &[
            "Datum, an dem Angebotspreis endet",
            "Datum, an dem der Angebotspreis endet",
            "Angebotspreis gültig bis",
        ],
    ),
    ("Tax status", &["Steuerstatus"]),
    ("Tax class", &["Steuerklasse"]),
    ("In stock?", &["Vorrätig?", "Auf Lager?"]),
    ("Stock", &["Lager", "Bestand", "Lagerbestand"]),
    ("Low stock amount", &["Geringe Lagermenge", "Geringer Lagerbestand"]),
    (
        "Backorders allowed?",
        &["Lieferrückstande erlaubt?", "Lieferrückstände erlaubt?", "Rückstände erlaubt?"],
    ),
    ("Weight (kg)", &["Gewicht (kg)"]),
    ("Weight (g)", &["Gewicht (g)"]),
    ("Weight (lbs)", &["Gewicht (lbs)"]),
    ("Weight (oz)", &["Gewicht (oz)"]),
    ("Sale price", &["Angebotspreis"]),
    ("Regular price", &["Regulärer Preis", "Normaler Preis"]),
    ("Categories", &["Kategorien"]),
    ("Tags", &["Schlagwörter"]),
    ("Images", &["Bilder"]),
    ("Parent", &["Übergeordnetes Produkt", "Eltern"]),
    ("External URL", &["Externe URL"]),
    ("Position", &[]),
    ("Brands", &["Marken"]),
];

/// Returns the English header of a column that the import reads, whether it is in English or German.
pub fn column(header: &str) -> Option<String> {
    let name = folded(header);
    let is = |known: &str| folded(known) == name;
    let german = HEADERS.iter().find(|(_, german)| german.iter().any(|known| is(known)));
    english(header)
        .or_else(|| german.map(|(english, _)| (*english).to_owned()))
        .or_else(|| attribute(&name, "attribut ", &[("name", "name"), ("wert(e)", "value(s)")]))
}

/// Returns the English header of a column that the import reads, in WooCommerce's own spelling.
pub fn english(header: &str) -> Option<String> {
    let name = folded(header);
    let known = HEADERS.iter().find(|(english, _)| folded(english) == name);
    known
        .map(|(english, _)| (*english).to_owned())
        .or_else(|| attribute(&name, "attribute ", &[("name", "name"), ("value(s)", "value(s)")]))
}

/// Returns `Attribute 1 name` or `Attribute 1 value(s)` of a header such as `attribut 1 wert(e)`.
fn attribute(header: &str, prefix: &str, kinds: &[(&str, &str)]) -> Option<String> {
    let (number, kind) = header.strip_prefix(prefix)?.split_once(' ')?;
    let number: u16 = number.parse().ok()?;
    let (_, english) = kinds.iter().find(|(own, _)| *own == kind)?;
    Some(format!("Attribute {number} {english}"))
}

/// Returns a header as headers are compared: in lower case, with plain spaces and apostrophes.
pub fn folded(header: &str) -> String {
    let plain = header.trim().replace(['\u{A0}', '\u{202F}'], " ").replace('’', "'");
    plain.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_in_english_and_german() {
        for (header, english) in [
            ("Regular price", Some("Regular price")),
            ("regular Price ", Some("Regular price")),
            ("Regulärer Preis", Some("Regular price")),
            ("Artikelnummer", Some("SKU")),
            ("Lieferrückstande erlaubt?", Some("Backorders allowed?")),
            ("Weight (lbs)", Some("Weight (lbs)")),
            ("Gewicht (g)", Some("Weight (g)")),
            ("Attribute 12 value(s)", Some("Attribute 12 value(s)")),
            ("Attribut 3 Wert(e)", Some("Attribute 3 value(s)")),
            ("Attribut 3 Name", Some("Attribute 3 name")),
            ("Attribute 1 visible", None),
            ("Attribute x name", None),
            ("Precio normal", None),
            ("Meta: _sku", None),
        ] {
            assert_eq!(column(header).as_deref(), english, "{header}");
        }
    }
}
