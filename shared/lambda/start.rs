//! How a function starts, and how it says why it can't: in one line of its log, and to Lambda.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::json;
use tracing::{error, warn};

use crate::aws::network;
use crate::config::{BadSetting, Config};
use crate::context::Ctx;

/// Where Lambda hears how a start went; Lambda sets it.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// How long Lambda may take to hear of a start that failed.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The context of a function, by the environment that `variable` reads; `None` where that is no good.
/// It lives as long as the process, so that handlers may borrow it for ever.
pub fn context(variable: impl Fn(&'static str) -> Option<String>) -> Option<&'static Ctx> {
    let config = Config::read(&variable);
    match config.and_then(|config| network::check_certificates().map(|()| config)) {
        Ok(config) => Some(Box::leak(Box::new(Ctx::new(config)))),
        Err(bad) => {
            error!(setting = bad.name(), problem = %bad, "the function does not start");
            if let Some(api) = variable(RUNTIME_API)
                && let Err(error) = report(&api, &bad)
            {
                warn!(%error, "Lambda does not hear why");
            }
            None
        }
    }
}

/// Tells Lambda why the function does not start
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>). The
/// runtime's library tells it of requests only, so this is said by hand. `api` is a host and a port,
/// in the emulator with a path behind them.
fn report(api: &str, bad: &BadSetting) -> std::io::Result<()> {
    let api = api.trim_start_matches("http://");
    let (host, path) = api.split_once('/').unwrap_or((api, ""));
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    let kind = "Function.BadSetting";
    let body = json!({"errorType": kind, "errorMessage": bad.to_string(), "stackTrace": []});
    let body = body.to_string();
    let request = format!(
        "POST {path}/2018-06-01/runtime/init/error HTTP/1.1\r\n\
         host: {host}\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\
         lambda-runtime-function-error-type: {kind}\r\n\
         connection: close\r\n\
         \r\n{body}",
        body.len(),
    );
    let nowhere = || std::io::Error::other("the runtime API has no address");
    let address = host.to_socket_addrs()?.next().ok_or_else(nowhere)?;
    let mut connection = TcpStream::connect_timeout(&address, TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    connection.write_all(request.as_bytes())?;
    // Whoever ends before Lambda has answered may not have been heard.
    connection.read(&mut [0; 512]).map(drop)
}
