//! From what was written to what is quick to evaluate.
//!
//! [`Expression::compiled`] recognises what filters and colours are mostly made of; it is done once.
//! [`Expression::at_zoom`] evaluates everything that no feature can change; it is done once for each picture.

use super::lookup::Set;
use super::operators::Reads;
use super::ramp::{self, Place};
use super::{Context, Expression, Globals, Op, Value, filter};
use std::borrow::Cow;
use std::sync::Arc;

impl Expression {
    /// The same expression with common forms in place of what they are made of.
    pub fn compiled(self) -> Expression {
        let args: Box<[Expression]> = self.args.into_iter().map(Expression::compiled).collect();
        let text = |arg: &Expression| match arg.constant() {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        let get = |name: Arc<str>| Expression { op: Op::Get(name), args: Box::default(), of: super::Type::Value };
        let op = match (&self.op, &*args) {
            (Op::Call { name: "get", .. }, [name]) => text(name).map(Op::Get),
            (Op::Call { name: "has" | "filter-has", .. }, [name]) => text(name).map(Op::Has),
            (Op::Call { name: "filter-==", .. }, [name, value]) => {
                text(name).zip(text(value)).map(|(name, value)| Op::Is(name, value))
            }
            (Op::Call { name: "filter-type-==", .. }, [name]) => text(name).map(Op::TypeIs),
            (Op::Compare(comparison), [a, b]) if comparison.is_equality() => {
                let is = |side: &Expression, text: Arc<str>| match &side.op {
                    Op::Get(name) => Some(Op::Is(name.clone(), text)),
                    Op::Call { name: "geometry-type", .. } => Some(Op::TypeIs(text)),
                    _ => None,
                };
                text(b).and_then(|text| is(a, text)).or_else(|| text(a).and_then(|text| is(b, text)))
            }
            (Op::Call { name: "in", .. }, [needle, haystack]) => match haystack.constant() {
                Some(Value::Array(values)) => {
                    let op = Op::OneOf(Arc::new(Set::new(values)));
                    return Expression { op, args: Box::new([needle.clone()]), of: self.of };
                }
                _ => None,
            },
            (Op::Call { name: "filter-in", .. }, [name, values]) => {
                match (text(name), values.constant().and_then(filter::set)) {
                    (Some(name), Some(set)) => {
                        return Expression { op: Op::OneOf(Arc::new(set)), args: Box::new([get(name)]), of: self.of };
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        match op {
            Some(op) => Expression { op, args: Box::default(), of: self.of },
            None => Expression { op: self.op, args, of: self.of },
        }
    }

    /// The expression for the features of one zoom.
    pub fn at_zoom(&self, zoom: f64) -> Cow<'_, Expression> {
        match self.reads_zoom() {
            true => Cow::Owned(Folder { zoom: Some(zoom), ..Folder::default() }.fold(self)),
            false => Cow::Borrowed(self),
        }
    }

    /// The expression where the style's state (`global-state`) is known.
    pub fn with_state(&self, globals: &Globals) -> Expression {
        Folder { globals: Some(globals), ..Folder::default() }.fold(self)
    }
}

/// Evaluates what is known.
#[derive(Default)]
struct Folder<'a> {
    zoom: Option<f64>,
    globals: Option<&'a Globals>,
    /// The variables of each `let` around, from the outermost; of those that are constant, the value.
    scopes: Vec<Vec<Option<Expression>>>,
}

impl Folder<'_> {
    fn fold(&mut self, expression: &Expression) -> Expression {
        if let Some(known) = self.known(expression) {
            return known;
        }
        let args = match (&expression.op, &*expression.args) {
            (Op::Let, [variables @ .., body]) => {
                let mut args: Vec<Expression> = variables.iter().map(|value| self.fold(value)).collect();
                self.scopes.push(args.iter().map(|value| value.is_literal().then(|| value.clone())).collect());
                args.push(self.fold(body));
                self.scopes.pop();
                args.into()
            }
            (_, args) => args.iter().map(|arg| self.fold(arg)).collect(),
        };
        simplified(Expression { op: expression.op.clone(), args, of: expression.of.clone() })
    }

    fn known(&self, expression: &Expression) -> Option<Expression> {
        let literal =
            |value: Value| Expression { op: Op::Literal(value), args: Box::default(), of: expression.of.clone() };
        match &expression.op {
            Op::Call { name: "zoom", .. } => self.zoom.map(|zoom| literal(Value::Number(zoom))),
            Op::GlobalState(name) => {
                self.globals.map(|globals| literal(globals.state.get(name).cloned().unwrap_or(Value::Null)))
            }
            Op::Variable { up, index } => self.scopes.get(self.scopes.len().checked_sub(up + 1)?)?.get(*index)?.clone(),
            _ => None,
        }
    }
}

/// The expression without what its constant operands decide.
fn simplified(expression: Expression) -> Expression {
    let Expression { op, args, of } = expression;
    match &op {
        Op::Case => {
            let mut args = args.into_vec();
            while args.len() > 1 {
                match args[0].constant() {
                    Some(Value::Bool(true)) => return args.swap_remove(1),
                    Some(Value::Bool(false)) => drop(args.drain(..2)),
                    _ => break,
                }
            }
            if args.len() == 1 {
                return args.remove(0);
            }
            Expression { op, args: args.into(), of }
        }
        Op::Match(labels) if args[0].is_literal() => {
            let chosen = args[0].constant().and_then(|input| labels.of(input));
            let chosen = chosen.unwrap_or(args.len() - 1);
            args.into_vec().swap_remove(chosen)
        }
        Op::Coalesce => {
            let mut args = args.into_vec();
            while args.len() > 1 && matches!(args[0].constant(), Some(Value::Null)) {
                args.remove(0);
            }
            match args[0].constant() {
                Some(Value::Null | Value::Image(_)) | None => Expression { op, args: args.into(), of },
                Some(_) => args.swap_remove(0),
            }
        }
        Op::Call { name: name @ ("all" | "any"), .. } => {
            // The value that says nothing is left out; the other decides, if nothing before it can fail.
            let idle = *name == "all";
            let is =
                |arg: &Expression, flag: bool| matches!(arg.constant(), Some(Value::Bool(known)) if *known == flag);
            let mut args: Vec<Expression> = args.into_iter().filter(|arg| !is(arg, idle)).collect();
            match args.first() {
                None => Expression::literal(Value::Bool(idle)),
                Some(first) if is(first, !idle) => args.swap_remove(0),
                Some(_) => Expression { op, args: args.into(), of },
            }
        }
        Op::Step(stops) => match args[0].constant() {
            Some(Value::Number(input)) => match ramp::place(stops, *input) {
                Ok(Place::At(stop) | Place::After(stop)) => args.into_vec().swap_remove(stop + 1),
                Err(_) => Expression { op, args, of },
            },
            _ => Expression { op, args, of },
        },
        Op::Interpolate(ramp) => match args[0].constant() {
            Some(Value::Number(input)) => match ramp::place(&ramp.stops, *input) {
                Ok(Place::At(stop)) => args.into_vec().swap_remove(stop + 1),
                Ok(Place::After(stop)) => {
                    let between = Op::Between(ramp.clone(), ramp.share(stop, *input));
                    let ends = [args[stop + 1].clone(), args[stop + 2].clone()];
                    evaluated(Expression { op: between, args: Box::new(ends), of })
                }
                Err(_) => Expression { op, args, of },
            },
            _ => Expression { op, args, of },
        },
        // Variables that nothing reads any more.
        Op::Let if args.last().is_some_and(Expression::is_literal) => match args.into_vec().pop() {
            Some(body) => body,
            None => Expression { op, args: Box::default(), of },
        },
        Op::Let => Expression { op, args, of },
        _ => evaluated(Expression { op, args, of }),
    }
}

/// The value instead of the expression, if it has one already. One that fails stays, and fails when it is evaluated.
fn evaluated(expression: Expression) -> Expression {
    let is_known = expression.reads() == Reads::Nothing
        && !expression.is_literal()
        && !matches!(expression.op, Op::Variable { .. })
        && expression.args.iter().all(Expression::is_literal);
    match is_known.then(|| expression.evaluate(&Context::nowhere())) {
        Some(Ok(value)) => Expression { op: Op::Literal(value), args: Box::default(), of: expression.of },
        _ => expression,
    }
}
