//! Emulates SSM's parameter store: `GetParameter` with decryption and `PutParameter`, both of a
//! `SecureString`. Any other request is an error.
//!
//! Like SSM, it replaces an existing parameter only if the request has `Overwrite`.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::{Explain, Result};
use crate::guard::Origins;
use crate::serve::{RunningServer, listen, serve};

/// A parameter store; clones share its data.
#[derive(Clone, Default)]
pub struct Parameters(Arc<Mutex<Store>>);

#[derive(Default)]
struct Store {
    file: Option<PathBuf>,
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Parameter {
    value: String,
    version: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetParameter {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutParameter {
    name: String,
    value: String,
    #[serde(rename = "Type")]
    _type: Type,
    #[serde(default)]
    overwrite: bool,
}

#[derive(Debug, Deserialize)]
enum Type {
    SecureString,
}

/// An error response of SSM: status 400 or 500, `__type` and message.
#[derive(Debug, PartialEq, Eq)]
struct ErrorResponse(StatusCode, &'static str, String);

impl Parameters {
    /// Creates an empty store in memory.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Opens the store in the JSON file at `path`; a missing file is created with the first
    /// parameter.
    pub fn file(path: &Path) -> Result<Self> {
        let reading = || format!("can't read the parameters in {}", path.display());
        let parameters = match std::fs::read(path) {
            Ok(json) => serde_json::from_slice(&json).explain(reading)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).explain(reading),
        };
        let store = Store { file: Some(path.to_owned()), parameters };
        Ok(Self(Arc::new(Mutex::new(store))))
    }

    /// Serves SSM's API on 127.0.0.1; port 0 takes any free port.
    pub fn serve(&self, port: u16) -> Result<RunningServer> {
        self.serve_on(listen(port)?)
    }

    /// Serves SSM's API on `listener`.
    pub fn serve_on(&self, listener: TcpListener) -> Result<RunningServer> {
        let router = Router::new().route("/", post(handle)).with_state(self.clone());
        serve("parameter store", listener, router, Origins::OfThisMachine)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, request: &GetParameter) -> std::result::Result<Value, ErrorResponse> {
        if !request.with_decryption {
            return Err(invalid("the local parameter store supports only WithDecryption"));
        }
        let store = self.store();
        let parameter = store.parameters.get(&request.name).ok_or_else(|| {
            ErrorResponse(
                StatusCode::BAD_REQUEST,
                "ParameterNotFound",
                format!("Parameter {} not found.", request.name),
            )
        })?;
        Ok(json!({"Parameter": {
            "ARN": format!("arn:aws:ssm:us-east-1:000000000000:parameter/{}", request.name.trim_start_matches('/')),
            "DataType": "text",
            "Name": request.name,
            "Type": "SecureString",
            "Value": parameter.value,
            "Version": parameter.version,
        }}))
    }

    fn put(&self, request: PutParameter) -> std::result::Result<Value, ErrorResponse> {
        let mut store = self.store();
        let current = store.parameters.get(&request.name);
        if current.is_some() && !request.overwrite {
            return Err(ErrorResponse(
                StatusCode::BAD_REQUEST,
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.".to_owned(),
            ));
        }
        if request.value.is_empty() {
            return Err(invalid("A parameter's value must have at least one character."));
        }
        let version = current.map_or(0, |current| current.version) + 1;
        let before = store.parameters.clone();
        store.parameters.insert(request.name, Parameter { value: request.value, version });
        if let Err(error) = store.save() {
            store.parameters = before;
            return Err(ErrorResponse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                error.to_string(),
            ));
        }
        Ok(json!({"Tier": "Standard", "Version": version}))
    }
}

impl Store {
    /// Writes a new file and renames it, so that a crash leaves either the old or the new file.
    fn save(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let new = file.with_extension("json.new");
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut writer = options.open(&new)?;
        writer.write_all(&serde_json::to_vec_pretty(&self.parameters)?)?;
        writer.sync_all()?;
        std::fs::rename(new, file)
    }
}

fn invalid(why: &str) -> ErrorResponse {
    ErrorResponse(StatusCode::BAD_REQUEST, "ValidationException", why.to_owned())
}

fn parse<T: for<'a> Deserialize<'a>>(body: &[u8]) -> std::result::Result<T, ErrorResponse> {
    serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))
}

async fn handle(State(parameters): State<Parameters>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let outcome = match target.unwrap_or_default() {
        "AmazonSSM.GetParameter" => parse(&body).and_then(|request| parameters.get(&request)),
        "AmazonSSM.PutParameter" => parse(&body).and_then(|request| parameters.put(request)),
        other => Err(ErrorResponse(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            format!("the local parameter store has no operation «{other}»"),
        )),
    };
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(ErrorResponse(status, kind, message)) => {
            (status, json!({"__type": kind, "message": message}))
        }
    };
    let json = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (status, json, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(name: &str) -> GetParameter {
        GetParameter { name: name.to_owned(), with_decryption: true }
    }

    fn put(name: &str, value: &str) -> PutParameter {
        PutParameter {
            name: name.to_owned(),
            value: value.to_owned(),
            _type: Type::SecureString,
            overwrite: false,
        }
    }

    fn error_name<T: std::fmt::Debug>(
        outcome: std::result::Result<T, ErrorResponse>,
    ) -> &'static str {
        outcome.unwrap_err().1
    }

    #[test]
    fn a_parameter_that_was_put_can_be_read() {
        let parameters = Parameters::in_memory();
        assert_eq!(error_name(parameters.get(&get("/bodega/key"))), "ParameterNotFound");
        assert_eq!(parameters.put(put("/bodega/key", "secret")).unwrap()["Version"], 1);
        let parameter = parameters.get(&get("/bodega/key")).unwrap();
        assert_eq!(parameter["Parameter"]["Value"], "secret");
        assert_eq!(parameter["Parameter"]["Type"], "SecureString");
    }

    #[test]
    fn a_parameter_is_overwritten_only_with_overwrite() {
        let parameters = Parameters::in_memory();
        parameters.put(put("/key", "first")).unwrap();
        assert_eq!(error_name(parameters.put(put("/key", "second"))), "ParameterAlreadyExists");
        let again = PutParameter { overwrite: true, ..put("/key", "third") };
        assert_eq!(parameters.put(again).unwrap()["Version"], 2);
        assert_eq!(parameters.get(&get("/key")).unwrap()["Parameter"]["Value"], "third");
    }

    #[test]
    fn a_parameter_needs_a_value() {
        let parameters = Parameters::in_memory();
        assert_eq!(error_name(parameters.put(put("/key", ""))), "ValidationException");
    }

    #[test]
    fn an_unsupported_member_is_an_error_that_names_it() {
        let get =
            |body| parse::<GetParameter>(body).and_then(|get| Parameters::default().get(&get));
        let put = |body| parse::<PutParameter>(body).and_then(|put| Parameters::default().put(put));
        for (outcome, named) in [
            (get(br#"{"Name": "/key"}"#), "WithDecryption"),
            (get(br#"{"Name": "/key", "WithDecryption": true, "With": 1}"#), "With"),
            (put(br#"{"Name": "/key", "Value": "v", "Overwrite": false}"#), "Type"),
            (put(br#"{"Name": "/key", "Value": "v", "Overwrite": false, "Type": "String"}"#), "String"),
            (
                put(br#"{"Name": "/key", "Value": "v", "Overwrite": true, "Type": "SecureString", "Tier": "Advanced"}"#),
                "Tier",
            ),
        ] {
            let ErrorResponse(_, kind, words) = outcome.unwrap_err();
            assert_eq!(kind, "ValidationException");
            assert!(words.contains(named), "{named}: {words}");
        }
    }

    #[test]
    fn of_many_concurrent_creations_one_succeeds() {
        let parameters = Parameters::in_memory();
        let winners: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..16)
                .map(|racer| {
                    let parameters = &parameters;
                    scope.spawn(move || parameters.put(put("/key", &racer.to_string())).is_ok())
                })
                .collect();
            racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum()
        });
        assert_eq!(winners, 1);
    }

    #[test]
    fn a_file_keeps_parameters_and_only_its_owner_may_read_it() {
        let folder = std::env::temp_dir().join(format!("bodega-parameters-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("parameters.json");
        Parameters::file(&file).unwrap().put(put("/key", "secret")).unwrap();
        let again = Parameters::file(&file).unwrap();
        assert_eq!(again.get(&get("/key")).unwrap()["Parameter"]["Value"], "secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn it_speaks_ssms_protocol() {
        use std::io::{Read, Write};

        let served = Parameters::in_memory().serve(0).unwrap();
        let mut connection = std::net::TcpStream::connect(served.address()).unwrap();
        let body = r#"{"Name":"/key","WithDecryption":true}"#;
        write!(
            connection,
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: AmazonSSM.GetParameter\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 400"), "{response}");
        assert!(response.contains(r#""__type":"ParameterNotFound""#), "{response}");
    }
}
