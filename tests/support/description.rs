//! Answers held against what an `OpenAPI` description says of them.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use crate::http::{Event, HttpAnswer};

/// A description, and which of its answers were met.
#[derive(Clone, Debug)]
pub struct Description {
    json: Value,
    met: BTreeSet<(String, String, String)>,
}

/// What a schema may say that is for people.
const FOR_PEOPLE: [&str; 3] = ["description", "example", "examples"];

impl Description {
    /// The description that a server gives of itself.
    #[must_use]
    pub fn new(json: Value) -> Self {
        Self { json, met: BTreeSet::new() }
    }

    /// The answer is one that the description has for that method and path: its status, its media type, its headers, and
    /// every member of its JSON.
    pub fn expect(&mut self, method: &str, path: &str, answer: &HttpAnswer) {
        if let Err(why) = self.check(method, path, answer) {
            panic!("{method} {path}: {why}\n{} {}", answer.status, answer.text());
        }
    }

    /// The event is one that the description has for a stream at that path.
    pub fn expect_event(&self, path: &str, event: &Event) {
        let response = self.resolved(&self.json["paths"][path]["get"]["responses"]["200"]).expect("a response");
        let schema = &response["content"]["text/event-stream"]["x-item-schema"];
        assert!(schema.is_object(), "{path}: its events are not described");
        let mut json = json!({ "event": event.name, "data": event.json() });
        if let Some(id) = &event.id {
            json["id"] = id.as_str().into();
        }
        if let Err(why) = self.conforms(schema, &json, "the event") {
            panic!("{path}: {why}");
        }
    }

    /// Every method, path and status that is described by its number and was not met.
    #[must_use]
    pub fn not_met(&self) -> Vec<(String, String, String)> {
        let mut all = Vec::new();
        for (path, item) in members(&self.json["paths"]) {
            for (method, operation) in members(item).filter(|(key, _)| *key != "parameters") {
                let statuses = members(&operation["responses"]).filter(|(status, _)| *status != "default");
                all.extend(statuses.map(|(status, _)| (method.to_uppercase(), path.to_owned(), status.to_owned())));
            }
        }
        all.retain(|answer| !self.met.contains(answer));
        all
    }

    fn check(&mut self, method: &str, path: &str, answer: &HttpAnswer) -> Result<(), String> {
        let responses = &self.json["paths"][path][method.to_lowercase()]["responses"];
        let status = answer.status.to_string();
        let response = responses.get(&status).or_else(|| responses.get("default")).ok_or("it is not described")?;
        let response = self.resolved(response)?;
        for (name, _) in members(&response["headers"]) {
            answer.header(&name.to_lowercase()).ok_or_else(|| format!("{name} is missing"))?;
        }
        let media_type = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        let content = response["content"].get(media_type).ok_or_else(|| format!("{media_type} is not described"))?;
        let body = if media_type.ends_with("json") { answer.json() } else { answer.text().into() };
        content.get("schema").map_or(Ok(()), |schema| self.conforms(schema, &body, "the body"))?;
        self.met.insert((method.into(), path.into(), status));
        Ok(())
    }

    /// What stands where a reference points to.
    fn resolved<'a>(&'a self, value: &'a Value) -> Result<&'a Value, String> {
        let Some(reference) = value["$ref"].as_str() else { return Ok(value) };
        let found = reference.strip_prefix('#').and_then(|pointer| self.json.pointer(pointer));
        found.ok_or_else(|| format!("{reference} points to nothing"))
    }

    /// Whether a value is as a schema says. A keyword that is not known here is an error, and so is a member that a schema
    /// with `properties` leaves out: programs are to be told of all there are.
    fn conforms(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let wrong = |what: String| Err(format!("{at} {what}: {value}"));
        for (keyword, wanted) in members(schema) {
            let is_right = match keyword {
                "$ref" => {
                    self.conforms(self.resolved(schema)?, value, at)?;
                    true
                }
                "type" => one_or_more(wanted).any(|name| is_of(name, value)),
                "const" => value == wanted,
                "enum" => elements(wanted).any(|one| one == value),
                "oneOf" => elements(wanted).filter(|one| self.conforms(one, value, at).is_ok()).count() == 1,
                "pattern" => value.as_str().is_none_or(|text| pattern(wanted).is_match(text)),
                "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().expect("a number")),
                "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().expect("a number")),
                "minItems" => {
                    value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().expect("a number"))
                }
                "maxItems" => {
                    value.as_array().is_none_or(|items| items.len() as u64 <= wanted.as_u64().expect("a number"))
                }
                "required" => {
                    let mut names = elements(wanted).filter_map(Value::as_str);
                    !value.is_object() || names.all(|name| value.get(name).is_some())
                }
                "items" => {
                    for (index, item) in elements(value).enumerate() {
                        self.conforms(wanted, item, &format!("{at}[{index}]"))?;
                    }
                    true
                }
                "properties" => {
                    for (name, member) in members(value) {
                        match (wanted.get(name), schema.get("additionalProperties")) {
                            (Some(schema), _) => self.conforms(schema, member, &format!("{at}.{name}"))?,
                            (None, Some(Value::Object(_))) => {}
                            (None, _) => return wrong(format!("has {name}, of which the description says nothing")),
                        }
                    }
                    true
                }
                "additionalProperties" if wanted.is_object() => {
                    let known = &schema["properties"];
                    for (name, member) in members(value).filter(|(name, _)| known.get(name).is_none()) {
                        self.conforms(wanted, member, &format!("{at}.{name}"))?;
                    }
                    true
                }
                "additionalProperties" => true,
                known if FOR_PEOPLE.contains(&known) => true,
                other => panic!("{other}, of which this checker knows nothing"),
            };
            if !is_right {
                return wrong(format!("is not as {keyword} says, {wanted}"));
            }
        }
        Ok(())
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn one_or_more(value: &Value) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(elements(value).filter_map(Value::as_str))
}

fn pattern(value: &Value) -> Regex {
    Regex::new(value.as_str().expect("a text")).expect("a pattern")
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other} is no type"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &Value, value: &Value) -> Result<(), String> {
        let answer = HttpAnswer {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: value.to_string().into_bytes(),
        };
        let content = json!({ "content": { "application/json": { "schema": schema } } });
        let schemas = json!({ "Id": { "type": "string", "pattern": "^[a-z]+$" } });
        let mut description = Description::new(json!({
            "paths": { "/x": { "get": { "responses": { "200": content } } } },
            "components": { "schemas": schemas },
        }));
        let not_met = |description: &Description| description.not_met().len();
        assert_eq!(not_met(&description), 1);
        let checked = description.check("GET", "/x", &answer);
        assert_eq!(not_met(&description), usize::from(checked.is_err()));
        assert!(description.check("PUT", "/x", &answer).is_err(), "it is not described");
        checked
    }

    #[test]
    fn what_a_schema_says_is_held_against_a_value() {
        let schema = json!({
            "type": "object", "required": ["id", "list"],
            "properties": {
                "id": { "$ref": "#/components/schemas/Id", "description": "for people" },
                "list": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "integer", "minimum": 0, "maximum": 9 } },
                "kind": { "enum": ["a", null] },
                "either": { "oneOf": [{ "const": 1 }, { "type": ["boolean", "null"] }] },
                "map": { "type": "object", "additionalProperties": { "type": "number" } },
            },
        });
        let right = json!({ "id": "kiwi", "list": [0, 9], "kind": null, "either": true, "map": { "x": 1.5 } });
        assert_eq!(check(&schema, &right), Ok(()));
        for (member, wrong) in [
            ("id", json!("Kiwi")),
            ("id", json!(7)),
            ("list", json!([])),
            ("list", json!([1, 2, 3])),
            ("list", json!([1.5])),
            ("list", json!([10])),
            ("list", json!([-1])),
            ("kind", json!("b")),
            ("either", json!(2)),
            ("map", json!({ "x": "1" })),
            ("other", json!(1)),
        ] {
            let mut value = right.clone();
            value[member] = wrong;
            assert!(check(&schema, &value).is_err(), "{value}");
        }
        assert!(check(&schema, &json!({ "id": "kiwi" })).is_err(), "list is required");
    }
}
