//! `GET /docs`: a page to read the API's document and try its routes; `GET /docs/{file}`: the
//! page's files.
//!
//! Public. The page is Swagger UI, from this function's own binary: it loads nothing from other
//! hosts, and its content security policy allows nothing else. 404 for an unknown file.

use shared::http::contract::{Contract, ResponseHeader, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const PAGE: &str = include_str!("../assets/docs.html");

/// The page's files: name, media type and content. The page names each with the version of Swagger
/// UI, so that browsers need not ask for them again.
const FILES: [(&str, &str, &str); 3] = [
    ("swagger-ui-5.35.0.css", CSS, include_str!("../assets/swagger-ui/swagger-ui.css")),
    ("swagger-ui-5.35.0.js", JAVASCRIPT, include_str!("../assets/swagger-ui/swagger-ui-bundle.js")),
    ("docs.js", JAVASCRIPT, include_str!("../assets/docs.js")),
];

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
        .responds(page.or_of_type(CSS).or_of_type(JAVASCRIPT).with(&[ResponseHeader::CacheControl]))
}

pub async fn handle(_ctx: &Ctx, request: Request) -> Result<Response> {
    if request.path == "/docs" {
        let page = Response::of_type(HTML, PAGE).public(300);
        return Ok(page.header("content-security-policy", POLICY));
    }
    let name: String = request.path_parameter("file")?;

    let file = FILES.iter().find(|(own, ..)| *own == name);
    let (_, media_type, content) = file.ok_or(Error::NotFound)?;

    Ok(Response::of_type(media_type, content).public(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_only_its_own_files() {
        for attribute in ["src=\"", "href=\""] {
            for url in PAGE.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                let name = url.strip_prefix("docs/").expect("a path relative to the page");
                assert!(FILES.iter().any(|(own, ..)| *own == name), "{url}");
            }
        }
    }
}
