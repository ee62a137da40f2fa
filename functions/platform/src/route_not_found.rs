//! `$default`: responds to every request that matches no route.
//!
//! 404 for an unknown path; for a known path 204 with the CORS headers to `OPTIONS`, and 405 with
//! `Allow` to any other method.

use shared::http::routes::methods_of;
use shared::http::{Request, Response, cors};
use shared::{Ctx, Error, Result};

pub async fn handle(_ctx: &Ctx, request: Request) -> Result<Response> {
    let allow = methods_of(&request.path);

    if allow.is_empty() {
        Err(Error::NotFound)
    } else if request.method == "OPTIONS" {
        Ok(cors::preflight(Response::no_content()).header("allow", &allow.join(", ")))
    } else {
        Err(Error::MethodNotAllowed { allow })
    }
}
