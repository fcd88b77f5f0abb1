//! `let` and `var`.

use super::context::Scope;
use super::operators::{Operator, special};
use super::parse::{Annotation, Call, Parse, Parser, at, error, is_constant, kind_of_json};
use super::{Context, Eval, Expression, Op};
use serde_json::Value as Json;

pub fn operators() -> Vec<Operator> {
    vec![special("let", parse_let), special("var", parse_var)]
}

fn parse_let(parser: &mut Parser, call: &Call) -> Parse {
    let count = call.count();
    if count < 3 {
        return error(format!("Expected at least 3 arguments, but found {count} instead."));
    }
    let mut variables = Vec::new();
    for i in (1..count).step_by(2) {
        let name = match &call.items[i] {
            Json::String(name) => name,
            other => {
                return at(i, error(format!("Expected string, but found {} instead.", kind_of_json(other))));
            }
        };
        if name.bytes().any(|b| !b.is_ascii_alphanumeric() && b != b'_') {
            return at(i, error("Variable names must contain only alphanumeric characters or '_'."));
        }
        variables.push((name.clone(), parser.operand(call, i + 1, None)?));
    }
    let (mut args, body) = parser.with_variables(variables, |parser| {
        at(count, parser.parse(&call.items[count], call.expected, Annotation::Inferred))
    })?;
    let of = body.of.clone();
    args.push(body);
    Ok(Expression { op: Op::Let, args: args.into(), of })
}

fn parse_var(parser: &mut Parser, call: &Call) -> Parse {
    let (1, Json::String(name)) = (call.count(), call.items.get(1).unwrap_or(&Json::Null)) else {
        return error("'var' expression requires exactly one string literal argument.");
    };
    let Some((value, up, index)) = parser.variable(name) else {
        return at(
            1,
            error(format!(
                "Unknown variable \"{name}\". Make sure \"{name}\" has been bound in an enclosing \"let\" expression \
                 before using it."
            )),
        );
    };
    if value.is_literal() || is_constant(value) {
        return Ok(value.clone());
    }
    Ok(Expression { op: Op::Variable { up, index }, args: Box::default(), of: value.of.clone() })
}

pub fn bind(args: &[Expression], context: &Context) -> Eval {
    let [variables @ .., body] = args else { return Ok(super::Value::Null) };
    let scope = Scope::new(variables, *context);
    body.evaluate(&Context { scope: Some(&scope), ..*context })
}
