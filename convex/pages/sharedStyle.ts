/** Style of the public page; the endpoint allows it by its hash, and no other. */
export const SHARED_STYLE = `
:root{color-scheme:light dark;--bg:#fbfaf8;--card:#fff;--ink:#1c1a22;--soft:#66616f;--line:#e6e2db;--accent:#5b3df0;--user:#f1edff;--code:#f4f1ec}
@media(prefers-color-scheme:dark){:root{--bg:#111016;--card:#191821;--ink:#eceaf2;--soft:#a19cb0;--line:#2c2a37;--accent:#a994ff;--user:#221d3d;--code:#201e29}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:48rem;padding:3rem 1.25rem 4rem;background:var(--bg);color:var(--ink);font:1.0625rem/1.65 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.15em}
.brand{margin:0;color:var(--accent);font-size:.8125rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase}
h1{margin:.35rem 0 .75rem;font-size:clamp(1.6rem,5vw,2.25rem);line-height:1.2;letter-spacing:-.02em}
.facts{display:flex;flex-wrap:wrap;gap:.5rem;margin:0 0 2.25rem;padding:0;list-style:none}
.facts li{padding:.1rem .7rem;border:1px solid var(--line);border-radius:99px;background:var(--card);color:var(--soft);font-size:.8125rem}
article{margin:0 0 1.75rem}
article h2{display:flex;justify-content:space-between;margin:0 0 .35rem;color:var(--soft);font-size:.8125rem;font-weight:600;letter-spacing:.01em}
time{font-weight:400}
.user .text{padding:.85rem 1.15rem;border-radius:1rem;background:var(--user)}
.text>:first-child{margin-top:0}
.text>:last-child{margin-bottom:0}
.text h3,.text h4,.text h5,.text h6{display:block;margin:1.4em 0 .5em;color:inherit;font-size:1.1rem;letter-spacing:0}
p,ul,ol,blockquote,table,pre{margin:0 0 .9rem}
li{margin:.15rem 0}
blockquote{padding-left:1rem;border-left:3px solid var(--line);color:var(--soft)}
pre{padding:.85rem 1.05rem;border:1px solid var(--line);border-radius:.75rem;background:var(--code);overflow-x:auto;overflow-wrap:normal;font-size:.875rem;line-height:1.55;tab-size:4}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
:not(pre)>code{padding:.1em .35em;border-radius:.35em;background:var(--code);font-size:.9em}
details pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:28rem;overflow-y:auto}
.scroll{max-width:100%;overflow-x:auto;overflow-wrap:normal}
table{border-collapse:collapse}
.center{text-align:center}
.right{text-align:right}
pre.plain{white-space:pre-wrap;overflow-wrap:anywhere}
th,td{padding:.35rem .75rem;border:1px solid var(--line)}
th{text-align:start}
hr{margin:1.5rem 0;border:0;border-top:1px solid var(--line)}
details{margin:.5rem 0;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
summary{padding:.45rem 1rem;color:var(--soft);font-size:.875rem;cursor:pointer}
details.call summary{color:var(--ink);font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.8125rem}
details[open] summary{border-bottom:1px solid var(--line)}
details pre{margin:0;border:0;border-radius:0 0 .75rem .75rem}
.note{color:var(--soft);font-size:.875rem}
.next a{display:block;padding:.75rem;border:1px solid var(--line);border-radius:.75rem;text-align:center;text-decoration:none;font-weight:600}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
`;
