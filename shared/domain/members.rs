//! Reads a JSON object member by member.
//!
//! A derived deserializer fails before rules about several members can be checked if one member is
//! invalid. [`Members`] collects the errors and continues: rules are checked on the members that
//! could be read, and the response lists all errors at once.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Sequence, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};

use super::invalid::{self, Invalid};
use super::json::Json;
use super::patch::Patch;
use super::problem_code::ProblemCode;
use super::unicode;

/// The members of one object, and the errors found so far.
pub struct Members<'a, V: IntoValue> {
    at: ValuePointerRef<'a>,
    members: Vec<Member<V>>,
    known: Vec<&'static str>,
    broken: Option<Invalid>,
}

struct Member<V: IntoValue> {
    name: String,
    is_null: bool,
    /// Whether it is a text without visible characters, which counts as absent if the member is
    /// optional.
    is_blank: bool,
    /// `None` after it has been read.
    value: Option<Value<V>>,
}

impl Members<'_, Json> {
    /// Starts reading a request body. 422 `wrong_type` if it is not an object.
    pub fn of_body(body: Json) -> Result<Self, Invalid> {
        Self::of(body.into_value(), ValuePointerRef::Origin)
    }
}

impl<'a, V: IntoValue> Members<'a, V> {
    /// Starts reading a value, whose location in the body is `at`. 422 `wrong_type` if it is not an
    /// object.
    pub fn of(value: Value<V>, at: ValuePointerRef<'a>) -> Result<Self, Invalid> {
        let Value::Map(map) = value else { return Err(wrong_type(value, ValueKind::Map, at)) };
        let member = |(name, value): (String, V)| {
            let value = value.into_value();
            Member {
                name,
                is_null: matches!(value, Value::Null),
                is_blank: matches!(&value, Value::String(text) if unicode::shows_nothing(text)),
                value: Some(value),
            }
        };
        let members = map.into_iter().map(member).collect();
        Ok(Self { at, members, known: Vec::new(), broken: None })
    }

    /// Reads a member that must be present. `None` if it is missing (error `required`) or invalid;
    /// the error is collected.
    pub fn required<T: Deserr<Invalid>>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name) {
            Some(value) => self.read(name, value),
            None => {
                let kind: ErrorKind<'_, V> = ErrorKind::MissingField { field: name };
                self.add([take_cf_content(Invalid::error(None, kind, self.at))]);
                None
            }
        }
    }

    /// Reads an optional member. `None` if it is missing, null or an empty text, and also if it is
    /// invalid; then the error is collected.
    pub fn optional<T: Deserr<Invalid>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.take(name).filter(|_| self.has(name))?;
        self.read::<Option<T>>(name, value).flatten()
    }

    /// Reads a member of a merge patch: kept if it is missing or an empty text, removed if it is
    /// null. Kept also if it is invalid; then the error is collected.
    pub fn patch<T: Deserr<Invalid>>(&mut self, name: &'static str) -> Patch<T> {
        self.take(name).and_then(|value| self.read(name, value)).unwrap_or_default()
    }

    /// Reads an optional array; `None` if it is missing, null or not an array. An invalid element
    /// is `None`, so that the others keep their indexes; its error is collected.
    pub fn list<T: Deserr<Invalid>>(&mut self, name: &'static str) -> Option<Vec<Option<T>>> {
        self.elements(name, |element, at| match T::deserialize_from_value(element, at) {
            Ok(element) => (Some(element), None),
            Err(invalid) => (None, Some(invalid)),
        })
    }

    /// Like [`Self::list`], for an array that must be present: it is 422 `required` if it is missing
    /// or null.
    pub fn required_list<T: Deserr<Invalid>>(
        &mut self,
        name: &'static str,
    ) -> Option<Vec<Option<T>>> {
        let member = self.members.iter().find(|member| member.name == name);
        if member.is_none_or(|member| member.is_null) {
            self.take(name);
            self.add_error(name, ProblemCode::Required, "This field is required; it may be empty.");
            return None;
        }
        self.list(name)
    }

    /// Reads an optional array of objects, each by `read`; `None` if it is missing, null or not an
    /// array. An element that is not an object is `None`.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Members<'_, V>) -> T,
    ) -> Option<Vec<Option<T>>> {
        self.elements(name, |element, at| match Members::of(element, at) {
            Ok(mut members) => {
                let element = read(&mut members);
                (Some(element), members.broken())
            }
            Err(invalid) => (None, Some(invalid)),
        })
    }

    /// Whether the object has this member with a value other than null and an empty text. The
    /// member need not be valid, and may have been read already.
    pub fn has(&self, name: &str) -> bool {
        let has_value = |member: &Member<V>| !member.is_null && !member.is_blank;
        self.members.iter().any(|member| member.name == name && has_value(member))
    }

    /// Returns the JSON pointer of a member.
    pub fn pointer(&self, name: &str) -> String {
        invalid::pointer(self.at.push_key(name))
    }

    /// Adds the error of a member that breaks a rule.
    pub fn add_error(&mut self, name: &str, code: ProblemCode, detail: impl Into<String>) {
        self.add([Invalid::for_field(&self.pointer(name), code, detail)]);
    }

    /// Adds the errors of other checks.
    pub fn add(&mut self, broken: impl IntoIterator<Item = Invalid>) {
        for invalid in broken {
            self.broken = Some(invalid.and(self.broken.take()));
        }
    }

    /// Returns all errors, including one for each member that was never read (`unknown_field`);
    /// `None` if there are none.
    pub fn broken(mut self) -> Option<Invalid> {
        let unknown = |member: &Member<V>| !self.known.contains(&member.name.as_str());
        let unknown: Vec<_> = self.members.iter().filter(|member| unknown(member)).collect();
        let unknown = unknown.into_iter().take(Invalid::MAX_FIELDS).map(|member| {
            let kind: ErrorKind<'_, V> =
                ErrorKind::UnknownKey { key: &member.name, accepted: &self.known };
            take_cf_content(Invalid::error(None, kind, self.at))
        });
        unknown.fold(self.broken.take(), |broken, unknown| Some(unknown.and(broken)))
    }

    /// Returns the value that `build` returns, or all errors if there are any; then `build` is not
    /// called. If `build` returns `None`, the error is `required`.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Invalid> {
        let at = invalid::pointer(self.at);
        match self.broken() {
            Some(invalid) => Err(invalid),
            None => build().ok_or_else(|| {
                Invalid::for_field(&at, ProblemCode::Required, "A required member is missing.")
            }),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value<V>> {
        self.known.push(name);
        self.members.iter_mut().find(|member| member.name == name)?.value.take()
    }

    fn read<T: Deserr<Invalid>>(&mut self, name: &str, value: Value<V>) -> Option<T> {
        let read = T::deserialize_from_value(value, self.at.push_key(name));
        read.map_err(|invalid| self.add([invalid])).ok()
    }

    fn elements<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Value<V>, ValuePointerRef<'_>) -> (Option<T>, Option<Invalid>),
    ) -> Option<Vec<Option<T>>> {
        let (own, value) = (self.at, self.take(name)?);
        let at = own.push_key(name);
        let sequence = match value {
            Value::Null => return None,
            Value::Sequence(sequence) => sequence,
            value => {
                self.add([wrong_type(value, ValueKind::Sequence, at)]);
                return None;
            }
        };
        let mut elements = Vec::with_capacity(sequence.len());
        for (index, element) in sequence.into_iter().enumerate() {
            let (element, broken) = read(element.into_value(), at.push_index(index));
            elements.push(element);
            self.add(broken);
        }
        Some(elements)
    }
}

fn wrong_type<V: IntoValue>(
    actual: Value<V>,
    accepted: ValueKind,
    at: ValuePointerRef<'_>,
) -> Invalid {
    let kind = ErrorKind::IncorrectValueKind { actual, accepted: &[accepted] };
    take_cf_content(Invalid::error(None, kind, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Quantity;
    use crate::domain::sku::Sku;

    fn members(body: &str) -> Members<'static, Json> {
        Members::of_body(Json::parse(body.as_bytes()).unwrap()).unwrap()
    }

    /// The pointer and code of each error.
    fn errors(invalid: &Invalid) -> Vec<String> {
        let field = |field: &crate::domain::invalid::FieldError| {
            format!("{} {}", field.pointer, field.code)
        };
        invalid.fields().iter().map(field).collect()
    }

    #[test]
    fn valid_members_are_read_beside_invalid_ones() {
        let mut body = members(r#"{"quantity": 0, "sku": "MUG", "note": null, "more": 1}"#);
        let quantity: Option<Quantity> = body.required("quantity");
        let sku: Option<Sku> = body.required("sku");
        let note: Option<Sku> = body.optional("note");
        let missing: Option<Sku> = body.optional("missing");
        let name: Option<Sku> = body.required("name");
        assert_eq!((quantity, note, missing, name), (None, None, None, None));
        assert_eq!(sku.unwrap().as_str(), "MUG");
        let expected = ["/quantity quantity_out_of_range", "/name required", "/more unknown_field"];
        assert_eq!(errors(&body.broken().unwrap()), expected);
    }

    #[test]
    fn a_member_counts_as_present_even_if_invalid_but_not_if_null() {
        let mut body = members(r#"{"sku": 5, "note": null}"#);
        assert!(body.has("sku") && !body.has("note") && !body.has("name"));
        assert_eq!(body.optional::<Sku>("sku"), None);
        assert!(body.has("sku"));
    }

    #[test]
    fn valid_elements_keep_their_indexes() {
        let mut body = members(r#"{"skus": ["A", 5, "C", "?"], "none": null, "one": "A"}"#);
        let skus: Vec<Option<Sku>> = body.list("skus").unwrap();
        let shown: Vec<_> = skus.iter().map(|sku| sku.as_ref().map(Sku::as_str)).collect();
        assert_eq!(shown, [Some("A"), None, Some("C"), None]);
        assert_eq!(body.list::<Sku>("none"), None);
        assert_eq!(body.list::<Sku>("one"), None);
        assert_eq!(body.list::<Sku>("missing"), None);
        let expected = ["/skus/1 wrong_type", "/skus/3 invalid_sku", "/one wrong_type"];
        assert_eq!(errors(&body.broken().unwrap()), expected);
    }

    #[test]
    fn errors_in_objects_of_an_array_point_at_their_members() {
        let mut body = members(r#"{"a/b": [{"sku": "A"}, 5, {"sku": 5, "size": "M"}, {}]}"#);
        let lines = body.objects("a/b", |line| {
            let sku: Option<Sku> = line.optional("sku");
            if !line.has("sku") {
                line.add_error("sku", ProblemCode::Required, "Name it.");
            }
            sku.is_some()
        });
        assert_eq!(lines, Some(vec![Some(true), None, Some(false), Some(false)]));
        let expected = [
            "/a~1b/1 wrong_type",
            "/a~1b/2/sku wrong_type",
            "/a~1b/2/size unknown_field",
            "/a~1b/3/sku required",
        ];
        assert_eq!(errors(&body.broken().unwrap()), expected);
    }

    #[test]
    fn a_value_is_built_only_if_there_are_no_errors() {
        let built = |text: &str| {
            let mut body = members(text);
            let sku: Option<Sku> = body.required("sku");
            body.finish(|| sku)
        };
        assert_eq!(built(r#"{"sku": "A"}"#).unwrap().as_str(), "A");
        assert_eq!(errors(&built("{}").unwrap_err()), ["/sku required"]);
        assert_eq!(errors(&built(r#"{"sku": "A", "b": 1}"#).unwrap_err()), ["/b unknown_field"]);
    }

    #[test]
    fn at_most_a_hundred_errors_are_listed() {
        let unknown: Vec<_> = (0..6_000).map(|number| format!("\"{number}\": 1")).collect();
        let body = members(&format!("{{{}}}", unknown.join(",")));
        assert_eq!(body.broken().unwrap().fields().len(), 100);
    }
}
