//! HTML pages, each complete in one response.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::header::CONTENT_SECURITY_POLICY;

use super::Response;

/// Returns 200 with a page. Its content security policy allows the page's own `<style>` and
/// `<script>` elements, by their digests, and requests to its own host; nothing else, and no
/// framing.
pub fn response(html: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        sources(html, "style"),
        sources(html, "script"),
    );
    Response::of_type("text/html; charset=utf-8", html)
        .header(CONTENT_SECURITY_POLICY.as_str(), &policy)
}

/// Returns the digests of the content of every element with this name, in the policy's syntax
/// (<https://www.w3.org/TR/CSP3/#match-element-to-source-list>).
fn sources(html: &str, element: &str) -> String {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    let inside = html.split(&start).skip(1).filter_map(|rest| Some(rest.split_once(&end)?.0));
    let digests: Vec<_> = inside
        .map(|text| ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
        .map(|digest| format!("'sha256-{}'", STANDARD.encode(digest)))
        .collect();
    if digests.is_empty() { "'none'".to_owned() } else { digests.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(html: &str) -> String {
        let response = response(html);
        response.headers[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_policy_allows_the_scripts_in_the_page() {
        // The digest is the specification's example.
        let policy = policy("<p></p><script>alert('Hello, world.');</script>");
        let digest = "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert!(policy.contains(digest), "{policy}");
        assert!(policy.contains("style-src 'none'"), "{policy}");
    }

    #[test]
    fn a_policy_lists_every_script_of_the_page() {
        let policy = policy("<script>1</script><script>2</script>");
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    }
}
