/** What the logger is set to, for people. OTP: `logger:i/0,1`. */
import { moduleName } from '../../erts/modules.js'
import type { HandlerConfig, NamedFilter, PrimaryConfig } from './logger_event.js'
import { getConfig } from './logger_handlers.js'
import { termText } from './term_text.js'

/** A part of what is set. */
export type Part = 'primary' | 'handlers' | 'modules'

/** Prints what is set, or a part of it. */
export function i(part?: Part): 'ok' {
  process.stdout.write(infoText(part))
  return 'ok'
}

/** What {@link i} prints. */
export function infoText(part?: Part): string {
  const { primary, handlers, modules } = getConfig()
  const texts: Readonly<Record<Part, () => string>> = {
    primary: () => primaryText(primary),
    handlers: () => `Handler configuration: \n${handlers.map(handlerText).join('')}`,
    modules: () =>
      `Level set per module: \n${modules.map(([name, level]) => `    Module: ${name}\n        Level: ${level}\n`).join('')}`,
  }
  return part === undefined ? `${texts.primary()}\n${texts.handlers()}\n${texts.modules()}` : texts[part]()
}

function primaryText({ level, filter_default, filters }: PrimaryConfig): string {
  return `Primary configuration: \n    Level: ${level}\n    Filter Default: ${filter_default}\n    Filters: \n${filtersText(filters, '        ')}`
}

function handlerText(handler: HandlerConfig): string {
  const [formatter, settings] = handler.formatter
  return [
    `    Id: ${handler.id}`,
    `        Module: ${moduleName(handler.module)}`,
    `        Level:  ${handler.level}`,
    '        Formatter:',
    `            Module: ${moduleName(formatter)}`,
    '            Config:',
    ...Object.entries(settings).map(([key, value]) => `                ${key}: ${termText(value)}`),
    `        Filter Default: ${handler.filter_default}`,
    '        Filters:',
    `${filtersText(handler.filters, '            ')}        Handler Config:`,
    ...Object.entries(handler.config).map(([key, value]) => `            ${key}: ${termText(value)}`),
    '',
  ].join('\n')
}

const filtersText = (filters: readonly NamedFilter[], indent: string): string =>
  filters
    .map(
      ([id, [fun, arg]]) =>
        `${indent}Id: ${id}\n${indent}    Fun: ${typeof fun === 'function' ? fun.name : `${moduleName(fun[0])}:${fun[1]}`}\n${indent}    Arg: ${termText(arg)}\n`,
    )
    .join('')
