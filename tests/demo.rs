//! The demo shop of `cargo dev`, which the events in `events/` are written for.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use local::database::Database;
use local::demo;
use local::parameters::Parameters;
use local::serve::RunningServer;
use serde_json::Value;
use shared::config::Config;
use tokio::sync::OnceCell;

use crate::database::template;

/// A copy of the demo shop with a database of its own, which a test may change.
pub struct DemoShop {
    database: RunningServer,
    parameters: RunningServer,
    _folder: Folder,
}

impl DemoShop {
    /// Opens a new copy.
    pub async fn open() -> Self {
        static LOADED: OnceCell<Folder> = OnceCell::const_new();
        let loaded = LOADED.get_or_init(load).await;
        let folder = Folder::new();
        for file in std::fs::read_dir(&loaded.0).expect("the loaded shop").flatten() {
            std::fs::copy(file.path(), folder.0.join(file.file_name())).expect("a copy");
        }
        Self::at(folder)
    }

    fn at(folder: Folder) -> Self {
        let database = Database::file(&folder.0.join("shop.sqlite3")).expect("a database");
        let table = template().table_definition().expect("the template defines a table");
        database.ensure_table("bodega", &table).expect("the table");
        Self {
            database: database.serve().expect("the database answers"),
            parameters: Parameters::in_memory().serve(0).expect("parameters answer"),
            _folder: folder,
        }
    }

    /// Returns a function's environment variables.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.database.url()),
            ("AWS_ENDPOINT_URL_SSM", self.parameters.url()),
            ("TABLE_NAME", "bodega".to_owned()),
            ("SHOP_CURRENCY", "USD".to_owned()),
            ("TOKEN_ISSUER", demo::ISSUER.to_owned()),
            ("TOKEN_KEY_PARAMETER", "/bodega/token-key".to_owned()),
            ("MAIL_FROM", "shop@bodega.example".to_owned()),
            ("APP_URL", "https://bodega.example".to_owned()),
            // Nothing listens there: these tests send no mail.
            ("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:1".to_owned()),
        ]
    }

    /// Returns the configuration that a function reads from [`DemoShop::environment`].
    pub fn config(&self) -> Config {
        let environment = self.environment();
        let value = |name| environment.iter().find(|(own, _)| *own == name);
        Config::read(|name| value(name).map(|(_, value)| value.clone())).expect("a configuration")
    }
}

/// Returns the event of a route or job, from `events/`.
pub fn event(route: &str) -> Value {
    let path = root().join("events").join(format!("{route}.json"));
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace")
}

async fn load() -> Folder {
    let DemoShop { database, parameters, _folder: folder } = DemoShop::at(Folder::new());
    let shop = DemoShop { database, parameters, _folder: Folder::new() };
    let config = shop.config();
    let loaded = demo::load(&config).await;
    loaded.expect("the demo data is loaded");
    // SQLite completes the files when the database closes.
    drop(shop);
    folder
}

/// A folder that is deleted when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("bodega-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
