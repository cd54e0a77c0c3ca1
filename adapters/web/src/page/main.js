// Begins here. At `/` the page shows the herd; at `/s/LINK` the one client that the link is for, until it ends.

import { legend } from "./ages.js";
import { Clients } from "./clients.js";
import { byId } from "./dom.js";
import { herdPage } from "./herd.js";
import { icon } from "./icons.js";
import { makeMap } from "./map.js";
import { sharedPage } from "./shared.js";
import { themeSwitch } from "./theme.js";

const link = location.pathname.match(/^\/s\/[^/]+/)?.[0];
legend(byId("legend"));
themeSwitch(byId("theme"));
byId("fold").replaceChildren(icon("down"));
byId("close").replaceChildren(icon("close"));
const clients = new Clients();
const drawn = makeMap("map", clients);
const page = { clients, ...drawn };
if (link) sharedPage(page, link);
else herdPage(page);
