/** What expressions of `eval` and of the remote shell can name. */

import { resolveModule } from '../../erts/modules.js'
import * as Process from '../../erts/process.js'
import * as GenServer from '../../stdlib/src/gen_server.js'
import * as ProcLib from '../../stdlib/src/proc_lib.js'
import * as Supervisor from '../../stdlib/src/supervisor.js'
import * as Sys from '../../stdlib/src/sys.js'
import * as Application from './application.js'
import * as Code from './code.js'
import * as Logger from './logger.js'

/** @returns the namespaces of otp-rel, `pid('<0.1.0>')`, `whereis(name)` and `module('app/name')`. */
export const shellContext = (): Readonly<Record<string, unknown>> => ({
  Application,
  Code,
  GenServer,
  Logger,
  ProcLib,
  Process,
  Supervisor,
  Sys,
  whereis: Process.whereis,
  module: resolveModule,
  pid: (text: string) => Process.processes().find((pid) => String(pid) === text),
})
