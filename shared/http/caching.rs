//! Caching (RFC 9111): what the `cached` of a route's line makes of its responses.

use lambda_http::http::StatusCode;
use lambda_http::http::header::{CACHE_CONTROL, ETAG};

use super::response::Keep;
use super::routes::Route;
use super::{Response, etag};

/// No cache may keep the response.
const PRIVATE: &str = "private, no-store";

/// Adds `Cache-Control` to every response. Only a 200 of a cached route may be kept; it also has an
/// `ETag`, and becomes a 304 if `if_none_match`, the header of the request, names it.
pub fn apply(response: Response, route: &Route, if_none_match: Option<&str>) -> Response {
    let Some(seconds) = route.max_age.filter(|_| response.status == StatusCode::OK) else {
        return response.header(CACHE_CONTROL.as_str(), PRIVATE);
    };
    let control = match response.keep {
        Keep::AsRoute => public(seconds),
        Keep::For(seconds) => public(seconds),
        Keep::Never => PRIVATE.to_owned(),
    };
    let (response, tag) = tagged(response.header(CACHE_CONTROL.as_str(), &control));
    if if_none_match.is_some_and(|known| etag::is_known(known, &tag)) {
        not_modified(response)
    } else {
        response
    }
}

fn public(seconds: u32) -> String {
    format!("public, max-age={seconds}, stale-while-revalidate={seconds}")
}

/// Returns the response's tag. One without a version gets the tag of its body.
fn tagged(response: Response) -> (Response, String) {
    let own = response.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let of_body = || etag::of_content(response.body.as_deref().unwrap_or_default());
    let tag = own.unwrap_or_else(of_body);
    (response.header(ETAG.as_str(), &tag), tag)
}

/// Makes a 200 a 304. It keeps all headers, because caches copy those of a 304 to the response that
/// they have kept (RFC 9111, section 4.3.4): the default content security policy would break a
/// page, and so would the `text/plain` that the gateway adds to a response without a type.
fn not_modified(response: Response) -> Response {
    Response { status: StatusCode::NOT_MODIFIED, body: None, ..response }
}

#[cfg(test)]
mod tests {
    use super::super::routes::named;
    use super::*;

    const CACHED: &str = "public, max-age=60, stale-while-revalidate=60";

    fn list() -> Response {
        Response::of_type("application/json", "[]").header("link", "</products>")
    }

    fn header(response: &Response, name: &str) -> String {
        response
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    #[test]
    fn a_200_of_a_cached_route_may_be_kept_and_has_a_tag() {
        let response = apply(list(), named("list-products"), None);
        assert_eq!(header(&response, "cache-control"), CACHED);
        assert_eq!(header(&response, "etag"), etag::of_content("[]"));
        let response = apply(list().version(7), named("get-product"), None);
        assert_eq!(header(&response, "etag"), etag::of(7, "[]"), "its own tag stays");
    }

    #[test]
    fn no_other_response_may_be_kept() {
        let created = Response { status: StatusCode::CREATED, ..list() };
        for (response, route) in [
            (created, "list-products"),
            (Response::no_content(), "get-product"),
            (Response::empty(StatusCode::NOT_FOUND), "get-product"),
            (list(), "get-health"),
            (list().keep_for(60), "list-orders"),
            (list().private(), "list-products"),
        ] {
            let before = response.status;
            let response = apply(response, named(route), None);
            assert_eq!(header(&response, "cache-control"), PRIVATE, "{route} {before}");
            assert_eq!(response.status, before);
        }
    }

    #[test]
    fn a_response_that_the_client_has_is_a_304_with_the_same_headers() {
        let tag = etag::of_content("[]");
        for make in [list, || list().private(), || list().keep_for(9)] {
            let full = apply(make(), named("list-products"), None);
            let response = apply(make(), named("list-products"), Some(&tag));
            assert_eq!(response.status, StatusCode::NOT_MODIFIED);
            assert_eq!(response.body, None);
            assert_eq!(response.headers, full.headers);
        }
    }

    #[test]
    fn what_is_not_a_200_of_a_cached_route_is_never_a_304() {
        let missing = Response::empty(StatusCode::NOT_FOUND);
        assert_eq!(apply(missing, named("get-product"), Some("*")).status, StatusCode::NOT_FOUND);
        assert_eq!(apply(list(), named("get-health"), Some("*")).status, StatusCode::OK);
    }
}
