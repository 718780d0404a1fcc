//! Cases as data. `fixtures/protocol/README.md` describes the members; one that is misspelt is an error here.

use serde::Deserialize;
use serde_json::{Map, Value};

/// What several cases have in common, and the cases.
#[derive(Deserialize)]
struct Group {
    group: String,
    cases: Vec<Map<String, Value>>,
    /// What each case is tried with, one after the other.
    #[serde(default)]
    each: Vec<Map<String, Value>>,
    /// Members that each case has unless it has its own.
    #[serde(flatten)]
    common: Map<String, Value>,
}

/// One or more checks in one world.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) steps: Vec<Step>,
}

/// Something that happens.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Step {
    /// An operation of `protocol::call`, and its argument.
    pub(crate) call: Option<String>,
    /// An operation of `client::Protocol`, and its options.
    pub(crate) request: Option<String>,
    pub(crate) with: Value,
    /// How often it is requested at the same time.
    pub(crate) together: Option<usize>,
    /// What the server answers, one after the other: names of honest answers, or answers.
    pub(crate) answers: Option<Vec<Value>>,
    /// The only answer.
    pub(crate) answer: Option<Value>,
    /// What the application's functions do.
    pub(crate) hooks: Map<String, Value>,

    /// What reached the server, each exactly.
    pub(crate) sends: Option<Sends>,
    /// The result. Of a request: these members, and not those that are `"$absent"`.
    pub(crate) gives: Option<Value>,
    /// The code of the error instead, and what else it says.
    pub(crate) fails: Option<String>,
    pub(crate) phase: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) error_description: Option<String>,
    pub(crate) error_uri: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) retryable: Option<bool>,
    pub(crate) details: Map<String, Value>,
    pub(crate) raw: Option<String>,
    /// What was asked of the application's functions.
    pub(crate) hooked: Option<Vec<String>>,
    /// Header and claims of the assertion that was to be signed.
    pub(crate) signs: Option<Value>,
    /// What each proof of possession was to be about, exactly.
    pub(crate) proves: Option<Vec<Value>>,
    /// What was waited for, in seconds.
    pub(crate) slept: Option<Vec<u32>>,

    /// Instead: so many seconds pass.
    pub(crate) wait: Option<i64>,
    /// Instead: the page is loaded anew.
    pub(crate) reload: Option<bool>,
    /// Instead: storage takes and gives nothing any more.
    pub(crate) break_storage: Option<bool>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sends {
    One(Sent),
    Several(Vec<Sent>),
}

/// A request that reaches the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Sent {
    #[serde(default = "get")]
    pub(crate) method: String,
    pub(crate) url: String,
    /// All headers that the core sets.
    pub(crate) headers: Map<String, Value>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// Whether the browser may show a certificate, and send cookies.
    #[serde(default)]
    pub(crate) credentials: bool,
}

fn get() -> String {
    "GET".to_owned()
}

/// Reads a file of groups.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let groups: Vec<Group> = serde_json::from_str(text).unwrap();
    groups.into_iter().flat_map(read_group).collect()
}

fn read_group(group: Group) -> Vec<Case> {
    let Group { group, cases, each, common } = group;
    if each.is_empty() {
        return cases.iter().map(|case| read_case(&group, &common, case)).collect();
    }
    let bases = each.iter().map(|member| {
        let mut member = member.clone();
        let Some(Value::String(name)) = member.remove("each") else { panic!("{group}: each without a name") };
        ([&group, ": ", &name].concat(), over(&common, &member))
    });
    bases.flat_map(|(name, base)| cases.iter().map(move |case| read_case(&name, &base, case))).collect()
}

fn read_case(group: &str, common: &Map<String, Value>, case: &Map<String, Value>) -> Case {
    let mut case = case.clone();
    let Some(Value::String(id)) = case.remove("id") else { panic!("{group}: a case without an id") };
    let id = [group, ": ", &id].concat();
    let steps = match case.remove("steps") {
        Some(Value::Array(steps)) => {
            let base = over(common, &case);
            steps.iter().map(|step| over(&base, step.as_object().unwrap())).collect()
        }
        None => vec![over(common, &case)],
        Some(_) => panic!("{id}: steps"),
    };
    let read_step = |step| serde_json::from_value(Value::Object(step)).unwrap_or_else(|error| panic!("{id}: {error}"));
    Case { steps: steps.into_iter().map(read_step).collect(), id }
}

/// A case over what its group says. Options and what is sent are joined member by member.
fn over(base: &Map<String, Value>, case: &Map<String, Value>) -> Map<String, Value> {
    let mut joined = base.clone();
    for (name, value) in case {
        match (name.as_str(), joined.get_mut(name), value) {
            ("with" | "sends", Some(Value::Object(members)), Value::Object(changes)) => change(members, changes),
            _ => drop(joined.insert(name.clone(), value.clone())),
        }
    }
    // What is expected of one step is not expected of the others: time passes for all.
    if ["wait", "reload", "breakStorage"].iter().any(|name| case.contains_key(*name)) {
        return case.clone();
    }
    joined
}

/// Puts `changes` over `members`; `"$absent"` takes a member away.
pub(crate) fn change(members: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value == "$absent" {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}
