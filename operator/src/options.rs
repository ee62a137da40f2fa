//! The command line of `cargo shop`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use shared::domain::import_id::ImportId;
use shared::domain::money::Currency;
use shared::domain::search_language::SearchLanguage;

/// What an operator does with a shop, deployed or local.
#[derive(Debug, Parser, PartialEq, Eq)]
#[command(name = "cargo shop", bin_name = "cargo shop", max_term_width = 100)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command with its own options.
#[derive(Debug, Subcommand, PartialEq, Eq)]
pub enum Command {
    /// Write what every product and category is now to the catalogue's log, from which lists and
    /// search learn of them; the shop stays open
    ///
    /// docs/operating.md says when to rebuild, and what rights it needs.
    Rebuild(RebuildOptions),
    /// Bring products of a file into a shop: our own CSV and NDJSON, and the product exports of
    /// Shopify and WooCommerce
    ///
    /// The file is recognised by its header; docs/import.md has the columns. Cut off, it goes on
    /// where it was when it is started again. Exits with 3 if rows were refused.
    Import(ImportOptions),
    /// Write what a shop has to a file
    #[command(subcommand)]
    Export(Exported),
}

/// What is exported.
#[derive(Debug, Subcommand, PartialEq, Eq)]
pub enum Exported {
    /// All products, drafts and archived ones too, as `cargo shop import` reads them
    ///
    /// docs/import.md has the columns. Importing the file changes nothing.
    Products(ExportOptions),
}

/// The options of `rebuild`.
#[derive(Debug, Default, Args, PartialEq, Eq)]
#[command(args_override_self = true)]
pub struct RebuildOptions {
    /// Which shop.
    #[command(flatten)]
    pub shop: ShopOptions,
    /// The stack's parameter SearchLanguage [default: SEARCH_LANGUAGE, or the language of the
    /// catalogue]
    #[arg(long, value_name = "NAME", value_parser = language)]
    pub search_language: Option<SearchLanguage>,
}

/// The options that say which shop a command works on.
#[derive(Debug, Default, Args, PartialEq, Eq)]
pub struct ShopOptions {
    /// Its table: the output TableName of its stack [default: TABLE_NAME]
    #[arg(long, value_name = "NAME", value_parser = text)]
    pub table: Option<String>,
    /// Its region [default: AWS_REGION, or the profile's]
    #[arg(long, value_name = "NAME", value_parser = text, conflicts_with = "is_local")]
    pub region: Option<String>,
    /// The profile of ~/.aws/config whose credentials to use, also if the environment has others
    /// [default: AWS's usual chain, which begins with AWS_ACCESS_KEY_ID and AWS_PROFILE]
    #[arg(long, value_name = "NAME", value_parser = text, conflicts_with = "is_local")]
    pub profile: Option<String>,
    /// DynamoDB's URL [default: AWS_ENDPOINT_URL_DYNAMODB, or the region's]
    #[arg(long, value_name = "URL", value_parser = url)]
    pub endpoint: Option<String>,
    /// Instead: the shop of `cargo dev`, the table bodega at http://127.0.0.1:8000; --table and
    /// --endpoint name others
    #[arg(long = "local")]
    pub is_local: bool,
}

/// The options of `import`.
#[derive(Debug, Args, PartialEq, Eq)]
#[command(args_override_self = true)]
pub struct ImportOptions {
    /// The file.
    pub file: PathBuf,
    /// The URL of the shop's API, such as `https://api.example.com`
    #[arg(long, value_name = "URL", value_parser = url)]
    pub api: String,
    /// The email of an admin; the password is asked for, or that of SHOP_PASSWORD
    #[arg(long, value_name = "EMAIL", required_unless_present = "is_dry")]
    pub email: Option<String>,
    /// The currency of the file's prices [default: that of the shop's products]
    #[arg(long, value_name = "CODE", value_parser = currency)]
    pub currency: Option<Currency>,
    /// A file that says what WooCommerce's headers are in English, a line `translated = English`
    /// for each
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,
    /// Your name of this import, for files with `set_stock` [default: a new one]
    #[arg(long, value_name = "ID", value_parser = import_id)]
    pub import_id: Option<ImportId>,
    /// Only say what would happen
    #[arg(long = "dry-run")]
    pub is_dry: bool,
    /// Write the result as JSON
    #[arg(long = "json")]
    pub is_json: bool,
}

/// The options of `export`.
#[derive(Debug, Args, PartialEq, Eq)]
#[command(args_override_self = true)]
pub struct ExportOptions {
    /// The file, whose name ends with its format: .csv, .ndjson or .jsonl; it is replaced
    pub file: PathBuf,
    /// The URL of the shop's API, such as `https://api.example.com`
    #[arg(long, value_name = "URL", value_parser = url)]
    pub api: String,
    /// The email of an admin; the password is asked for, or that of SHOP_PASSWORD
    #[arg(long, value_name = "EMAIL")]
    pub email: String,
}

impl Options {
    /// Parses the arguments.
    pub fn parse_from_arguments<A>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, clap::Error>
    where
        A: Into<OsString>,
    {
        let name = std::iter::once(OsString::from("cargo shop"));
        Self::try_parse_from(name.chain(arguments.into_iter().map(Into::into)))
    }
}

fn text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("the value is empty".to_owned()) } else { Ok(text.to_owned()) }
}

fn url(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    Err("it takes a URL such as http://127.0.0.1:8000".to_owned())
}

fn language(name: &str) -> Result<SearchLanguage, String> {
    SearchLanguage::parse(name).ok_or_else(|| {
        let names = SearchLanguage::ALL.map(SearchLanguage::name).join(", ");
        format!("it is one of {names}")
    })
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code.to_owned()).map_err(|refused| refused.detail)
}

fn import_id(text: &str) -> Result<ImportId, String> {
    ImportId::parse(text.to_owned()).map_err(|refused| refused.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        let options = Options::parse_from_arguments(line.split_whitespace());
        options.map(|options| options.command).map_err(|error| error.to_string())
    }

    #[test]
    fn every_option_is_understood() {
        let rebuild =
            |shop, search_language| Ok(Command::Rebuild(RebuildOptions { shop, search_language }));
        let text = |text: &str| Some(text.to_owned());
        let local = ShopOptions { is_local: true, ..ShopOptions::default() };
        assert_eq!(parse("rebuild"), rebuild(ShopOptions::default(), None));
        assert_eq!(parse("rebuild --local"), rebuild(local, None));
        let all = ShopOptions {
            table: text("shop-Table-1"),
            region: text("eu-central-1"),
            profile: text("shop"),
            endpoint: text("http://127.0.0.1:8001"),
            is_local: false,
        };
        let line = "rebuild --endpoint=http://127.0.0.1:8001 --table shop-Table-1 --profile shop \
                    --region eu-central-1 --search-language german";
        assert_eq!(parse(line), rebuild(all, SearchLanguage::parse("german")));
        let import = ImportOptions {
            file: "a.csv".into(),
            api: "https://api.example.com".to_owned(),
            email: text("ada@example.com"),
            currency: Currency::parse("EUR".to_owned()).ok(),
            columns: Some("c.txt".into()),
            import_id: ImportId::parse("autumn".to_owned()).ok(),
            is_dry: true,
            is_json: true,
        };
        let line = "import a.csv --api https://api.example.com --email ada@example.com \
                    --currency EUR --columns c.txt --import-id autumn --dry-run --json";
        assert_eq!(parse(line), Ok(Command::Import(import)));
        assert!(parse("import --help").unwrap_err().contains("--dry-run"));
        let export = ExportOptions {
            file: "a.csv".into(),
            api: "https://api.example.com".to_owned(),
            email: "ada@example.com".to_owned(),
        };
        let line = "export products a.csv --api https://api.example.com --email ada@example.com";
        assert_eq!(parse(line), Ok(Command::Export(Exported::Products(export))));
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, named) in [
            ("", "rebuild"),
            ("rebild", "rebild"),
            ("rebuild now", "now"),
            ("rebuild --tabel shop", "--tabel"),
            ("rebuild --table", "--table"),
            ("rebuild --table=", "--table"),
            ("rebuild --local --profile shop", "--profile"),
            ("rebuild --region eu-central-1 --local", "--region"),
            ("rebuild --local --endpoint 8001", "--endpoint"),
            ("rebuild --search-language klingon", "english, "),
            ("import --api https://api.example.com --email a", "FILE"),
            ("import a.csv --api https://api.example.com", "--email"),
            ("import a.csv --email a", "--api"),
            ("export a.csv --api https://a --email a", "a.csv"),
            ("export products --api https://a --email a", "FILE"),
            ("export products a.csv --api https://a", "--email"),
            ("import a.csv --api https://a --email a --currency EURO", "--currency"),
        ] {
            let words = parse(line).unwrap_err();
            assert!(words.contains(named), "{line}: {words}");
        }
    }
}
