//! `GET /docs`: a page to read the API's document and try its routes; `GET /docs/{file}`: the
//! page's files.
//!
//! Public. The page is Swagger UI, from this function's own binary: it loads nothing from other
//! hosts, and its content security policy allows nothing else. 404 for an unknown file.

use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const PAGE: &str = include_str!("../assets/docs.html");

/// A file of the page.
struct File {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
    /// Whether its name has a version, so that its content never changes.
    is_versioned: bool,
}

const FILES: [File; 3] = [
    File {
        name: "swagger-ui-5.35.0.css",
        media_type: CSS,
        content: include_str!("../assets/swagger-ui/swagger-ui.css"),
        is_versioned: true,
    },
    File {
        name: "swagger-ui-5.35.0.js",
        media_type: JAVASCRIPT,
        content: include_str!("../assets/swagger-ui/swagger-ui-bundle.js"),
        is_versioned: true,
    },
    File {
        name: "docs.js",
        media_type: JAVASCRIPT,
        content: include_str!("../assets/docs.js"),
        is_versioned: false,
    },
];

/// How long caches may keep a file whose content never changes, in seconds.
const VERSIONED_MAX_AGE: u32 = 86_400;

/// Swagger UI draws its icons from `data:` URLs, and sets styles of elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action \
                      'none'; frame-ancestors 'none'";

/// The route's entry in the API document.
pub fn contract() -> Contract {
    let page = Success::of_type(HTML, "The page, or one of its files.");
    Contract::new("Read this document as a page")
        .describe(
            "The page can also send requests: a login there authorizes the requests after it.",
        )
        .path::<String>("file", "A file of the page.")
        .responds(page.or_of_type(CSS).or_of_type(JAVASCRIPT))
}

pub async fn handle(_ctx: &Ctx, request: Request) -> Result<Response> {
    if request.path == "/docs" {
        // Not relative to the page's URL, which may end with a slash behind the gateway.
        let page = PAGE.replace("{docs}", &format!("{}/docs", request.prefix()));
        return Ok(Response::of_type(HTML, &page).header("content-security-policy", POLICY));
    }
    let name: String = request.path_parameter("file")?;

    let file = FILES.iter().find(|file| file.name == name).ok_or(Error::NotFound)?;

    let response = Response::of_type(file.media_type, file.content);
    Ok(if file.is_versioned { response.keep_for(VERSIONED_MAX_AGE) } else { response })
}
