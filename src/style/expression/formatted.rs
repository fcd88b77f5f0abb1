//! `format` and `image`: what labels are made of.

use super::operators::{Operator, special};
use super::parse::{Call, Parse, Parser, error, is_truthy};
use super::value::{Image, Section, bounded};
use super::{Context, Eval, Expression, Op, Type, Value, convert};
use serde_json::Value as Json;
use std::sync::Arc;

pub fn operators() -> Vec<Operator> {
    vec![special("format", parse_format), special("image", parse_image)]
}

/// Which options a section has; they stand after its content among the operands, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    scale: bool,
    font: bool,
    color: bool,
    vertical_align: bool,
}

fn parse_format(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() == 0 {
        return error("Expected at least one argument.");
    }
    if matches!(call.items[1], Json::Object(_) | Json::Null) {
        return error("First argument must be an image or text section.");
    }
    let mut args = Vec::new();
    let mut sections: Vec<Options> = Vec::new();
    let mut may_be_options = false;
    for item in &call.items[1..] {
        if let (true, Json::Object(written), Some(options)) = (may_be_options, item, sections.last_mut()) {
            may_be_options = false;
            for (name, of, given) in [
                ("font-scale", Type::Number, &mut options.scale),
                ("text-font", Type::array(Type::String, None), &mut options.font),
                ("text-color", Type::Color, &mut options.color),
                ("vertical-align", Type::String, &mut options.vertical_align),
            ] {
                let Some(option) = written.get(name).filter(|option| is_truthy(option)) else { continue };
                if let (Type::String, Json::String(align)) = (&of, option)
                    && !["bottom", "center", "top"].contains(&align.as_str())
                {
                    return error(format!(
                        "'vertical-align' must be one of: 'bottom', 'center', 'top' but found '{align}' instead."
                    ));
                }
                args.push(parser.option(option, &of)?);
                *given = true;
            }
        } else {
            let content = parser.option(item, &Type::Value)?;
            if !matches!(content.of, Type::String | Type::Value | Type::Null | Type::Image) {
                return error("Formatted text type must be 'string', 'value', 'image' or 'null'.");
            }
            args.push(content);
            sections.push(Options::default());
            may_be_options = true;
        }
    }
    Ok(Expression { op: Op::Format(sections.into()), args: args.into(), of: Type::Formatted })
}

pub fn format(sections: &[Options], args: &[Expression], context: &Context) -> Eval {
    let mut rest = args.iter();
    let mut formatted = Vec::with_capacity(sections.len());
    for options in sections {
        let mut next = |given: bool| if given { rest.next() } else { None };
        let value = |arg: Option<&Expression>| arg.map(|arg| arg.evaluate(context)).transpose();
        let content = value(next(true))?.unwrap_or(Value::Null);
        let (scale, font, color, align) =
            (next(options.scale), next(options.font), next(options.color), next(options.vertical_align));
        let text = |value: Option<Value>| if let Some(Value::String(text)) = value { Some(text) } else { None };
        // Of an image only the alignment counts.
        if let Value::Image(image) = content {
            let vertical_align = text(value(align)?);
            formatted.push(Section { image: Some(image), vertical_align, ..Section::plain("".into()) });
            continue;
        }
        let content = content.to_text()?;
        let scale = if let Some(Value::Number(scale)) = value(scale)? { Some(scale) } else { None };
        let font = match value(font)? {
            Some(Value::Array(names)) => {
                let names = names.iter().map(Value::to_text).collect::<Eval<Vec<Arc<str>>>>()?;
                let between = names.iter().enumerate().flat_map(|(i, name)| [if i > 0 { "," } else { "" }, name]);
                Some(bounded(between)?.into())
            }
            _ => None,
        };
        formatted.push(Section {
            scale,
            font,
            color: if let Some(Value::Color(color)) = value(color)? { Some(color) } else { None },
            vertical_align: text(value(align)?),
            ..Section::plain(content)
        });
    }
    Ok(Value::Formatted(formatted.into()))
}

fn parse_image(parser: &mut Parser, call: &Call) -> Parse {
    if call.count() != 1 {
        return error("Expected two arguments.");
    }
    let name = parser.operand(call, 1, Some(&Type::String))?;
    Ok(Expression { op: Op::Image, args: Box::new([name]), of: Type::Image })
}

/// The image, if the style has it.
pub fn image(args: &[Expression], context: &Context) -> Eval {
    let name = args[0].string(context)?;
    match context.globals.is_some_and(|globals| globals.images.iter().any(|image| **image == *name)) {
        true => Ok(Value::Image(Arc::new(Image { name, available: true }))),
        false => Ok(convert::image(name)),
    }
}
