//! What the MapLibre Style Spec says of every member of a style: `reference.json`, which `tests/style-check` makes from
//! the official package.

use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The Style Spec's reference; read at the first use.
pub static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    serde_json::from_str(include_str!("reference.json")).expect("the data was made by our own script")
});

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reference {
    /// Names that make an array an expression.
    pub operators: HashSet<String>,
    pub filter_operators: Vec<Json>,
    /// What legacy filters compare `$type` with.
    pub geometry_types: Vec<Json>,
    pub groups: HashMap<String, Group>,
}

/// The members of one kind of object, by name; `*` is any other.
pub type Group = HashMap<String, Member>;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Member {
    pub r#type: Type,
    #[serde(default)]
    pub required: bool,
    /// The default in the reference: a member that has one may be left out even where it is required.
    pub default: Option<Json>,
    /// For enumerations, and arrays of them.
    #[serde(default)]
    pub values: Vec<Json>,
    /// What an array holds.
    pub value: Option<Items>,
    pub length: Option<usize>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub expression: Option<Expressions>,
    pub property_type: Option<PropertyType>,
    /// Whether `NAME-transition` may stand beside it.
    #[serde(default)]
    pub transition: bool,
    /// Whether `{name}` in a text stands for a property.
    #[serde(default)]
    pub tokens: bool,
}

/// The items of an array.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Items {
    Of(Type),
    Like(Box<Member>),
}

/// Which expressions a member takes.
#[derive(Deserialize)]
pub struct Expressions {
    pub interpolated: bool,
    pub parameters: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyType {
    Constant,
    DataConstant,
    DataDriven,
    CrossFaded,
    CrossFadedDataDriven,
    ColorRamp,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    #[serde(rename = "*")]
    Anything,
    Array,
    Boolean,
    Color,
    ColorArray,
    Enum,
    Expression,
    Filter,
    FontFaces,
    Formatted,
    Layer,
    Layout,
    Light,
    Number,
    NumberArray,
    Padding,
    Paint,
    Projection,
    ProjectionDefinition,
    PromoteId,
    ResolvedImage,
    Sky,
    Source,
    Sources,
    Sprite,
    State,
    String,
    Terrain,
    Transition,
    VariableAnchorOffsetCollection,
    #[serde(rename = "function_stop")]
    FunctionStop,
}

impl Reference {
    pub fn group(&self, name: &str) -> &Group {
        static EMPTY: LazyLock<Group> = LazyLock::new(Group::new);
        self.groups.get(name).unwrap_or(&EMPTY)
    }
}

impl Member {
    /// A member of which only the type is said.
    pub fn of(r#type: Type) -> Member {
        Member {
            r#type,
            required: false,
            default: None,
            values: Vec::new(),
            value: None,
            length: None,
            minimum: None,
            maximum: None,
            expression: None,
            property_type: None,
            transition: false,
            tokens: false,
        }
    }

    /// Whether its value may differ between features.
    pub fn is_data_driven(&self) -> bool {
        matches!(self.property_type, Some(PropertyType::DataDriven | PropertyType::CrossFadedDataDriven))
    }

    pub fn takes_zoom(&self) -> bool {
        self.expression.as_ref().is_some_and(|e| e.parameters.iter().any(|name| name == "zoom"))
    }

    pub fn is_interpolated(&self) -> bool {
        self.expression.as_ref().is_some_and(|e| e.interpolated)
    }
}
