# SPDX-License-Identifier: Apache-2.0
"""aiohttp's hello, without an access log, on a port that it prints first."""

import asyncio

from aiohttp import web


async def hello(_request):
    return web.Response(text="hello")


async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
