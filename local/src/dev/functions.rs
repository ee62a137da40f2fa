//! Finds the functions of the workspace, builds them, and starts the emulator that runs them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::cargo_shim::CargoShim;
use super::options::Options;
use super::process::{Program, command};
use crate::failure::{Explain, Failure, Result};

/// How long the first response may take after the build.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(60);

/// Seconds that an HTTP API waits for a function. Also ends a request whose function was rebuilt
/// meanwhile.
const GATEWAY_TIMEOUT: &str = "30";

/// The Cargo workspace: its folders and functions.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// The names of the functions' binaries.
    pub functions: Vec<String>,
}

impl Workspace {
    /// Finds the workspace of the current folder with `cargo metadata`.
    pub async fn find() -> Result<Self> {
        let asking = || "can't ask Cargo about the workspace";
        let output = command("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .await
            .explain(asking)?;
        let metadata: Value = serde_json::from_slice(&output.stdout).explain(asking)?;
        let folder = |name: &'static str| metadata[name].as_str().map(PathBuf::from).ok_or(name);
        let root = folder("workspace_root").explain(asking)?;
        let target = folder("target_directory").explain(asking)?;
        let functions = functions(&metadata, &root.join("functions"));
        Ok(Self { root, target, functions })
    }

    /// Builds every function, so that the first request need not wait for a build.
    pub async fn build(&self, options: &Options) -> Result<()> {
        let count = self.functions.len();
        println!("building {count} functions …");
        let started = Instant::now();
        let mut cargo = command("cargo");
        cargo.args(self.build_arguments(options)).current_dir(&self.root);
        let build = Program::start("the build", &mut cargo)?.succeeds().await;
        build.map_err(|_| Failure::new("the functions don't build: see the errors above"))?;
        println!("built {count} functions in {} s", started.elapsed().as_secs());
        Ok(())
    }

    /// Returns Cargo's arguments that build every function with the profile in which it is run.
    fn build_arguments(&self, options: &Options) -> Vec<String> {
        let binaries = self.functions.iter().flat_map(|name| ["--bin", name]);
        let release = options.release.then_some("--release");
        ["build"].into_iter().chain(binaries).chain(release).map(str::to_owned).collect()
    }

    /// Starts the emulator at `address`, with its standard output piped. Functions get their events from the URL `runtime_api`;
    /// `folder` is for temporary files.
    pub fn serve(
        &self,
        cargo_lambda: &Path,
        options: &Options,
        address: SocketAddr,
        environment: &[(&str, String)],
        runtime_api: String,
        folder: PathBuf,
    ) -> Result<Program> {
        let mut build = self.build_arguments(options);
        build.push("--quiet".to_owned());
        let cargo_shim = CargoShim {
            path: std::env::var_os("PATH").unwrap_or_default(),
            build,
            programs: self.target.join(if options.release { "release" } else { "debug" }),
            runtime_api,
            folder,
            frozen: !options.watch,
        };
        let mut watch = command(cargo_lambda);
        watch.current_dir(&self.root);
        watch.args(["lambda", "watch", "--quiet", "--disable-cors"]);
        watch.args(["--invoke-address", &address.ip().to_string()]);
        watch.args(["--invoke-port", &address.port().to_string(), "--timeout", GATEWAY_TIMEOUT]);
        watch.args(["--concurrency", &options.concurrency.to_string()]);
        watch.args((!options.watch).then_some("--ignore-changes"));
        watch.args(options.release.then_some("--release"));
        watch.envs(environment.iter().map(|(name, value)| (name, value)));
        watch.envs(cargo_shim.install()?);
        // Hides the emulator's own lines about each process that it starts and stops. The
        // functions' logs are not affected.
        if std::env::var_os("RUST_LOG").is_none() {
            watch.env("RUST_LOG", "cargo_lambda=warn,cargo_lambda_watch::watcher=off");
        }
        watch.stdout(Stdio::piped());
        Program::start("the emulator (cargo lambda watch)", &mut watch)
    }
}

/// Waits until `GET /health` responds with 200; fails after [`STARTUP_TIMEOUT`].
pub async fn wait_until_healthy(api: SocketAddr) -> Result<()> {
    let until = Instant::now() + STARTUP_TIMEOUT;
    loop {
        let response = tokio::time::timeout(STARTUP_TIMEOUT, get_health(api)).await;
        let seen = match response {
            Ok(Ok(status)) if status == "200" => return Ok(()),
            Ok(Ok(status)) => format!("status {status}"),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no response".to_owned(),
        };
        if Instant::now() > until {
            return Err(Failure::new(format!(
                "the API does not start: after {} s, GET /health still gives: {seen}",
                STARTUP_TIMEOUT.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Returns the status code of `GET /health`, as text.
async fn get_health(api: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(api).await?;
    let request = format!("GET /health HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    connection.read_to_string(&mut response).await?;
    Ok(response.split_whitespace().nth(1).unwrap_or_default().to_owned())
}

/// Returns the names of the binaries of all packages under `folder`, sorted.
fn functions(metadata: &Value, folder: &Path) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut functions: Vec<_> = packages
        .filter(|package| {
            package["manifest_path"]
                .as_str()
                .is_some_and(|path| Path::new(path).starts_with(folder))
        })
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| target["kind"][0] == "bin")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    functions.sort();
    functions
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn functions_are_the_binaries_under_their_folder() {
        let metadata = json!({"packages": [
            {"manifest_path": "/shop/functions/orders/Cargo.toml", "targets": [
                {"kind": ["lib"], "name": "orders"},
                {"kind": ["bin"], "name": "place-order"},
                {"kind": ["bin"], "name": "get-order"},
            ]},
            {"manifest_path": "/shop/local/Cargo.toml", "targets": [{"kind": ["bin"], "name": "dev"}]},
        ]});
        assert_eq!(
            functions(&metadata, Path::new("/shop/functions")),
            ["get-order", "place-order"]
        );
    }
}
