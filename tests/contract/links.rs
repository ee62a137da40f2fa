//! OpenAPI links: which operation takes an identifier that a response has. They follow from the
//! types of both, so no contract lists them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::schemas;

/// How many members and items deep an identifier may stand: `/data/0/id`.
const DEPTH: usize = 4;

/// An operation that takes one path parameter of a type of its own.
struct Target {
    id: String,
    parameter: String,
    schema: String,
}

/// Adds its links to every JSON response of a carried-out request in a document. An operation of
/// `admin_operations` is linked only from others of them.
pub fn add(document: &mut Value, admin_operations: &BTreeSet<String>) {
    let targets = targets(document);
    let definitions = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    for operation in operations_mut(document) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
            let schema = &response["content"]["application/json"]["schema"];
            let pointers = pointers(schema, &definitions);
            let links: Map<_, _> = targets
                .iter()
                .filter(|target| target.id != id)
                .filter(|target| {
                    !admin_operations.contains(&target.id) || admin_operations.contains(&id)
                })
                .filter_map(|target| {
                    let pointer = pointers.get(&target.schema)?;
                    let value = format!("$response.body#{pointer}");
                    let link = json!({
                        "operationId": target.id,
                        "parameters": { target.parameter.as_str(): value },
                    });
                    Some((target.id.clone(), link))
                })
                .collect();
            if !links.is_empty() {
                response["links"] = links.into();
            }
        }
    }
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(_, item)| {
        item.as_object_mut().into_iter().flatten().map(|(_, operation)| operation)
    })
}

fn targets(document: &mut Value) -> Vec<Target> {
    let mut targets = Vec::new();
    for operation in operations_mut(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let in_path: Vec<_> =
            parameters.filter(|parameter| parameter["in"] == json!("path")).collect();
        if let [only] = in_path[..]
            && let Some(schema) = schemas::name_of(&only["schema"])
            && let (Some(id), Some(parameter)) =
                (operation["operationId"].as_str(), only["name"].as_str())
        {
            targets.push(Target {
                id: id.to_owned(),
                parameter: parameter.to_owned(),
                schema: schema.to_owned(),
            });
        }
    }
    targets
}

/// Returns where a value of each named schema stands in a value of `schema`: the first place in
/// breadth-first order.
fn pointers(schema: &Value, definitions: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut queue = VecDeque::from([(String::new(), schema)]);
    while let Some((pointer, schema)) = queue.pop_front() {
        if let Some(name) = schemas::name_of(schema) {
            found.entry(name.to_owned()).or_insert_with(|| pointer.clone());
        }
        if pointer.matches('/').count() == DEPTH {
            continue;
        }
        let resolved = schemas::resolve(schema, definitions);
        let members = resolved["properties"].as_object().into_iter().flatten();
        queue.extend(members.map(|(name, member)| (format!("{pointer}/{name}"), member)));
        if resolved["items"].is_object() {
            queue.push_back((format!("{pointer}/0"), &resolved["items"]));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str, parameter: Option<&str>, response: &Value) -> Value {
        let schema = json!({ "$ref": "#/components/schemas/OrderId" });
        let parameters: Vec<_> = parameter
            .map(|name| json!({ "in": "path", "name": name, "schema": schema }))
            .into_iter()
            .collect();
        json!({
            "operationId": id,
            "parameters": parameters,
            "responses": { "200": { "content": { "application/json": { "schema": response } } } },
        })
    }

    fn linked(document: &Value, path: &str) -> Vec<String> {
        let links = &document["paths"][path]["get"]["responses"]["200"]["links"];
        links.as_object().map(|links| links.keys().cloned().collect()).unwrap_or_default()
    }

    #[test]
    fn a_response_links_to_the_operations_that_take_its_identifier() {
        let id = json!({ "$ref": "#/components/schemas/OrderId" });
        let order = json!({ "properties": { "id": id } });
        let page = json!({ "properties": { "data": { "items": order } } });
        let mut document = json!({
            "components": { "schemas": { "OrderId": { "type": "string" } } },
            "paths": {
                "/orders": { "get": operation("list_orders", None, &page) },
                "/orders/{order_id}": { "get": operation("get_order", Some("order_id"), &order) },
                "/admin/orders/{order_id}": {
                    "get": operation("audit_order", Some("order_id"), &order),
                },
            },
        });
        add(&mut document, &BTreeSet::from(["audit_order".to_owned()]));
        assert_eq!(linked(&document, "/orders"), ["get_order"]);
        assert_eq!(linked(&document, "/orders/{order_id}"), Vec::<String>::new(), "not to itself");
        assert_eq!(linked(&document, "/admin/orders/{order_id}"), ["get_order"]);
        let links = &document["paths"]["/orders"]["get"]["responses"]["200"]["links"];
        let expression = &links["get_order"]["parameters"]["order_id"];
        assert_eq!(expression, "$response.body#/data/0/id");
    }
}
