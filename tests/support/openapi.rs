//! An `OpenAPI` 3.1 description, as something to hold answers against.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Value, json};

pub struct Description {
    document: Value,
    /// By path, method and status, in the description's own words.
    validators: HashMap<(String, String, String), Validator>,
    error: Validator,
    /// The status for a path that the gateway does not have.
    pub unknown_path: u16,
}

impl Description {
    pub fn parse(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).expect("JSON");
        let mut validators = HashMap::new();
        for (path, operations) in members(&document["paths"]) {
            for (method, operation) in members(operations) {
                for (status, response) in members(&operation["responses"]) {
                    let schema = &response["content"]["application/json"]["schema"];
                    let place = (path.clone(), method.to_uppercase(), status.clone());
                    validators.insert(place, validator(&document, schema));
                }
            }
        }
        let error = validator(&document, &json!({ "$ref": "#/components/schemas/Error" }));
        Self { document, validators, error, unknown_path: 404 }
    }

    /// The described path that this one is an instance of.
    pub fn path_of(&self, target: &str) -> Option<String> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<_> = path.split('/').collect();
        let fits = |template: &&String| {
            let wanted: Vec<_> = template.split('/').collect();
            let fit = |(wanted, part): (&&str, &&str)| wanted == part || (wanted.starts_with('{') && !part.is_empty());
            wanted.len() == parts.len() && wanted.iter().zip(&parts).all(fit)
        };
        members(&self.document["paths"]).map(|(path, _)| path).find(fits).cloned()
    }

    pub fn operations(&self) -> impl Iterator<Item = (String, String)> {
        members(&self.document["paths"]).flat_map(|(path, operations)| {
            members(operations).map(move |(method, _)| (path.clone(), method.to_uppercase()))
        })
    }

    /// What is wrong with this answer, or nothing.
    pub fn check(&self, method: &str, target: &str, status: u16, body: &Value) -> Result<(), String> {
        let Some(path) = self.path_of(target) else {
            return expect(status, self.unknown_path).and_then(|()| holds(&self.error, body));
        };
        if !self.operations().any(|operation| operation == (path.clone(), method.to_owned())) {
            return expect(status, 405).and_then(|()| holds(&self.error, body));
        }
        let place = (path, method.to_owned(), status.to_string());
        let validator = self.validators.get(&place).ok_or_else(|| format!("no such answer is described: {place:?}"))?;
        holds(validator, body)
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let rooted = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::options().should_validate_formats(true).build(&rooted).expect("a schema")
}

fn expect(status: u16, expected: u16) -> Result<(), String> {
    if status == expected { Ok(()) } else { Err(format!("{status} instead of {expected}")) }
}

fn holds(validator: &Validator, body: &Value) -> Result<(), String> {
    validator.validate(body).map_err(|error| format!("{error} at {}", error.instance_path()))
}
