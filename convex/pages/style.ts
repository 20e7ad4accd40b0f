/** The style of all pages. The content policy allows it by its hash, and no other style. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#faf9f7;--card:#fff;--ink:#1b1922;--soft:#5f5a6b;--line:#e3dfd8;--accent:#5436d6;--tint:#efebff;--code:#f4f1ec;--add:#e3f6e8;--addink:#14532d;--cut:#fde8e8;--cutink:#7f1d1d;--bad:#b42318;--good:#166534;--kw:#7c2d92;--str:#1b6e3c;--num:#9a4a00;--com:#665f70;--fn:#1f4fa8}
@media(prefers-color-scheme:dark){:root{--bg:#111016;--card:#191821;--ink:#eceaf2;--soft:#aaa4ba;--line:#2e2c3a;--accent:#b3a1ff;--tint:#241f40;--code:#201e29;--add:#12301d;--addink:#a7e8be;--cut:#3a1a1d;--cutink:#ffc2c2;--bad:#ff9b91;--good:#7fdca0;--kw:#d6a0ec;--str:#8fd6a6;--num:#f0b37a;--com:#a099ae;--fn:#9dbdff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:4.5rem}
body{margin:0;background:var(--bg);color:var(--ink);font:1rem/1.6 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:.3rem}
main:focus{outline:0}
.skip{position:absolute;left:-100vw;top:.5rem;padding:.5rem 1rem;background:var(--card);z-index:9}
.skip:focus{left:.5rem}
.top{border-bottom:1px solid var(--line);background:var(--card)}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1.5rem;max-width:64rem;margin:0 auto;padding:.6rem 1.25rem}
.logo{display:flex;align-items:center;gap:.55rem;color:var(--ink);font-weight:650;text-decoration:none;letter-spacing:-.01em}
.mark rect{fill:var(--accent)}.mark path{fill:none;stroke:var(--card);stroke-width:2.6;stroke-linecap:round}
nav{display:flex;flex-wrap:wrap;gap:.15rem}
.top nav a{padding:.3rem .7rem;border-radius:.5rem;color:var(--soft);font-size:.9375rem;text-decoration:none}
.top nav a:hover{color:var(--ink)}
.top nav a[aria-current]{background:var(--tint);color:var(--accent);font-weight:550}
main{display:block;max-width:64rem;margin:0 auto;padding:1.75rem 1.25rem 5rem}
h1{margin:0 0 .6rem;font-size:clamp(1.4rem,4vw,1.9rem);line-height:1.25;letter-spacing:-.02em}
h2{margin:2.2rem 0 .7rem;font-size:1.15rem;letter-spacing:-.01em}
h3,h4,h5,h6{margin:1.3em 0 .5em;font-size:1.02rem}
p,ul,ol,dl,blockquote,pre{margin:0 0 .9rem}
small,.small{font-size:.8125rem}
.soft{color:var(--soft)}
.bad{color:var(--bad)}.good{color:var(--good)}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
.row{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem}
.spread{justify-content:space-between}
.card{margin:0 0 1rem;padding:1rem 1.2rem;border:1px solid var(--line);border-radius:.9rem;background:var(--card)}
.card>:last-child{margin-bottom:0}.card>h2:first-child{margin-top:0}
.facts{display:flex;flex-wrap:wrap;gap:.35rem .5rem;margin:0 0 1rem;padding:0;list-style:none}
.facts li,.chip{padding:.08rem .65rem;border:1px solid var(--line);border-radius:99px;background:var(--card);color:var(--soft);font-size:.8125rem;text-decoration:none}
.facts li{max-width:100%;border-radius:.9rem}
.chip{white-space:nowrap}
.chip.on{border-color:var(--accent);background:var(--tint);color:var(--accent)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.75rem;margin:0 0 1rem;padding:0}
.tiles div{padding:.7rem 1rem;border:1px solid var(--line);border-radius:.9rem;background:var(--card)}
.tiles dt{color:var(--soft);font-size:.8125rem}
.tiles dd{margin:0;font-size:1.35rem;font-weight:600;letter-spacing:-.02em}
label{display:block;font-size:.875rem;font-weight:550}
input,select,textarea,button,.button{font:inherit;font-size:.9375rem;border:1px solid var(--line);border-radius:.6rem}
input,select,textarea{max-width:100%;padding:.45rem .7rem;border-color:var(--soft);background:var(--card);color:var(--ink);font-weight:400}
textarea{width:100%;min-height:4.5rem}
button,.button{display:inline-block;padding:.45rem .95rem;background:var(--card);color:var(--ink);font-weight:550;text-decoration:none;cursor:pointer}
button:hover,.button:hover{border-color:var(--accent)}
.primary{border-color:var(--accent);background:var(--accent);color:var(--card)}
.danger{border-color:var(--bad);color:var(--bad)}
form.inline{display:inline-flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:0}
.filters{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:0 0 .75rem}
.filters select,.filters input{width:100%}
.search{display:flex;flex-wrap:wrap;gap:.5rem;margin:0 0 .6rem}
.search input{flex:1 1 14rem;min-width:0}
fieldset{margin:0;padding:0;border:0}
fieldset label{display:inline-flex;align-items:center;gap:.35rem;margin-right:.9rem;font-weight:400}
.list{margin:0 0 1rem;padding:0;list-style:none;border:1px solid var(--line);border-radius:.9rem;background:var(--card)}
.list>li{padding:.75rem 1.1rem;border-top:1px solid var(--line)}
.list>li:first-child{border-top:0}
.list .title{font-weight:600;color:var(--ink);text-decoration:none}
.list .title:hover{color:var(--accent);text-decoration:underline}
.meta{display:flex;flex-wrap:wrap;align-items:center;gap:.05rem .9rem;color:var(--soft);font-size:.8125rem}
mark{padding:0 .1em;border-radius:.2em;background:var(--tint);color:var(--accent);font-weight:550}
.empty{padding:2rem 1.2rem;border:1px dashed var(--line);border-radius:.9rem;text-align:center;color:var(--soft)}
.notice{max-width:34rem;margin:3rem auto;text-align:center}
.big{margin:0;font-size:3.5rem;font-weight:700;color:var(--accent);letter-spacing:-.04em;line-height:1.1}
.note{color:var(--soft);font-size:.875rem}
.alert{padding:.6rem 1rem;border:1px solid var(--accent);border-radius:.7rem;background:var(--tint)}
.alert.wrong{border-color:var(--bad);color:var(--bad);background:var(--card)}
pre,code,kbd{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{padding:.8rem 1rem;border:1px solid var(--line);border-radius:.7rem;background:var(--code);overflow:auto;overflow-wrap:normal;font-size:.8125rem;line-height:1.55;tab-size:4}
pre.plain,pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
:not(pre)>code{padding:.1em .35em;border-radius:.35em;background:var(--code);font-size:.88em}
blockquote{padding-left:1rem;border-left:3px solid var(--line);color:var(--soft)}
:is(blockquote,ul,ol) :is(blockquote,ul,ol) :is(blockquote,ul,ol) :is(blockquote,ul,ol){padding-left:.2rem;border-left-width:1px;list-style-position:inside}
hr{margin:1.5rem 0;border:0;border-top:1px solid var(--line)}
.scroll{max-width:100%;margin:0 0 .9rem;overflow-x:auto;overflow-wrap:normal}
table{border-collapse:collapse;font-size:.9375rem}
th,td{padding:.35rem .75rem;border:1px solid var(--line)}
th{text-align:start}
.center{text-align:center}.right{text-align:right}
.wide-table table{width:100%}
.turn{margin:1.6rem 0}
.turn h2{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .8rem;margin:0 0 .4rem;color:var(--soft);font-size:.8125rem;font-weight:600;letter-spacing:0}
.turn h2 .meta{font-weight:400}
.turn h2 a{color:inherit;text-decoration:none}
.turn h2 a:hover{text-decoration:underline}
.turn .spot{position:absolute;margin-left:-.85rem;color:var(--soft);font-size:.75rem;text-decoration:none}
.user .text{padding:.8rem 1.1rem;border-radius:1rem;background:var(--tint)}
.text>:first-child{margin-top:0}.text>:last-child{margin-bottom:0}
.text{margin:0 0 .7rem}
li{margin:.15rem 0}
details{margin:.4rem 0;border:1px solid var(--line);border-radius:.7rem;background:var(--card)}
summary{padding:.4rem .9rem;color:var(--soft);font-size:.875rem;cursor:pointer}
details[open]>summary{border-bottom:1px solid var(--line)}
details.call>summary{color:var(--ink);font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.8125rem}
details .inside{padding:.7rem .9rem}
details .inside>:last-child{margin-bottom:0}
details pre{max-height:26rem}
details .label{margin:0 0 .25rem;color:var(--soft);font-size:.75rem;font-weight:600}
.plus{color:var(--good)}.minus{color:var(--bad)}
.diff span{display:block;width:max-content;min-width:calc(100% + 1rem);padding:0 .5rem;margin:0 -.5rem}
.diff .a{background:var(--add);color:var(--addink)}
.diff .d{background:var(--cut);color:var(--cutink)}
.diff .h{color:var(--soft)}
img.shown{max-width:100%;max-height:32rem;border:1px solid var(--line);border-radius:.7rem}
.index{columns:2 18rem;margin:0;padding:.7rem 1rem .7rem 2.2rem;font-size:.875rem}
.actions{display:flex;flex-wrap:wrap;align-items:end;gap:.75rem 1.5rem;margin:0 0 1rem}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
.field{margin:0 0 .7rem}
.plot{display:block;width:100%;height:auto}
.plot rect{fill:var(--accent)}.plot .track{fill:var(--line)}.plot text{fill:var(--soft);font-size:14px}
.plot .unknown{fill:none;stroke:var(--soft);stroke-dasharray:3 3}
.bars{margin:0 0 1rem;padding:0;list-style:none}
.bars li{margin:0 0 .55rem;font-size:.875rem}
.bars svg{display:block;width:100%;height:7px}
.bars rect{fill:var(--accent)}.bars .track{fill:var(--line)}
.next{display:block;padding:.7rem;border:1px solid var(--line);border-radius:.7rem;background:var(--card);text-align:center;font-weight:600;text-decoration:none}
.live{position:sticky;bottom:1rem;text-align:center}
.hljs-keyword,.hljs-literal,.hljs-type,.hljs-selector-tag,.hljs-tag .hljs-name,.hljs-section{color:var(--kw)}
.hljs-string,.hljs-regexp,.hljs-attr,.hljs-attribute,.hljs-addition{color:var(--str)}
.hljs-number,.hljs-symbol,.hljs-meta,.hljs-variable,.hljs-template-variable{color:var(--num)}
.hljs-comment,.hljs-quote{color:var(--com);font-style:italic}
.hljs-title,.hljs-built_in,.hljs-name{color:var(--fn)}
.hljs-deletion{color:var(--bad)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
@media(max-width:30rem){main{padding:1.1rem .9rem 4rem}.bar{padding:.5rem .9rem}.list>li{padding:.7rem .85rem}.top nav a{padding:.25rem .5rem;font-size:.875rem}}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;
