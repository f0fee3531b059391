r"""The allow-list of commands in formulas of a LaTeX document: every other one is refused.

All are of LaTeX itself, amsmath or amssymb, take no files, define nothing and set no catcodes.
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


GREEK = _names("""
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu
nu xi pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega digamma Gamma Delta
Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega varGamma varDelta varTheta varLambda varXi varPi
varSigma varUpsilon varPhi varPsi varOmega
""")

LETTERS = _names("""
aleph beth gimel daleth ell hbar hslash imath jmath wp Re Im partial infty nabla emptyset
varnothing eth mho complement Bbbk circledS Finv Game backprime prime top bot angle measuredangle
sphericalangle forall exists nexists neg lnot flat natural sharp clubsuit diamondsuit heartsuit
spadesuit square Box blacksquare lozenge blacklozenge triangle vartriangle triangledown
blacktriangle blacktriangledown Diamond bigstar surd checkmark maltese backslash S P dag ddag
copyright pounds dagger ddagger vert Vert lvert rvert lVert rVert langle rangle lceil rceil
lfloor rfloor lbrace rbrace lbrack rbrack ulcorner urcorner llcorner lrcorner lgroup rgroup
lmoustache rmoustache
""")

OPERATORS = _names("""
pm mp times div cdot cdotp ast star circ bullet cap cup uplus sqcap sqcup vee lor wedge land
setminus wr diamond bigtriangleup bigtriangledown triangleleft triangleright oplus ominus otimes
oslash odot bigcirc amalg dotplus smallsetminus Cap Cup barwedge veebar doublebarwedge boxminus
boxtimes boxdot boxplus divideontimes ltimes rtimes leftthreetimes rightthreetimes curlywedge
curlyvee circleddash circledast circledcirc centerdot intercal lhd rhd unlhd unrhd bmod
""")

BIG_OPERATORS = _names("""
sum prod coprod int oint iint iiint iiiint idotsint bigcap bigcup bigsqcup bigvee bigwedge
bigodot bigotimes bigoplus biguplus smallint lim limsup liminf max min sup inf det gcd Pr
varlimsup varliminf injlim projlim varinjlim varprojlim
""")

FUNCTIONS = _names("""
arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan
tanh
""")

RELATIONS = _names("""
leq le geq ge equiv models prec succ sim perp preceq succeq simeq mid ll gg asymp parallel subset
supset approx bowtie subseteq supseteq cong sqsubset sqsupset neq ne smile sqsubseteq sqsupseteq
doteq frown in ni owns propto vdash dashv notin leqq geqq leqslant geqslant eqslantless
eqslantgtr lesssim gtrsim lessapprox gtrapprox approxeq lessdot gtrdot lll ggg lessgtr gtrless
lesseqgtr gtreqless lesseqqgtr gtreqqless doteqdot risingdotseq fallingdotseq backsim backsimeq
subseteqq supseteqq Subset Supset preccurlyeq succcurlyeq curlyeqprec curlyeqsucc precsim succsim
precapprox succapprox vartriangleleft vartriangleright trianglelefteq trianglerighteq vDash Vdash
Vvdash smallsmile smallfrown shortmid shortparallel bumpeq Bumpeq between pitchfork varpropto
therefore because blacktriangleleft blacktriangleright eqcirc circeq triangleq thicksim
thickapprox nless ngtr nleq ngeq nleqslant ngeqslant nleqq ngeqq lneq gneq lneqq gneqq lnsim
gnsim lnapprox gnapprox nprec nsucc npreceq nsucceq precneqq succneqq precnsim succnsim nsim
ncong nshortmid nshortparallel nmid nparallel nvdash nvDash nVdash nVDash ntriangleleft
ntriangleright ntrianglelefteq ntrianglerighteq nsubseteq nsupseteq nsubseteqq nsupseteqq
subsetneq supsetneq varsubsetneq varsupsetneq subsetneqq supsetneqq Join colon
""")

ARROWS = _names("""
leftarrow gets rightarrow to leftrightarrow Leftarrow Rightarrow Leftrightarrow uparrow downarrow
updownarrow Uparrow Downarrow Updownarrow mapsto longmapsto longleftarrow longrightarrow
longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow implies impliedby iff
hookleftarrow hookrightarrow leftharpoonup leftharpoondown rightharpoonup rightharpoondown
rightleftharpoons leftrightharpoons nearrow searrow swarrow nwarrow leadsto dashrightarrow
dashleftarrow leftleftarrows rightrightarrows leftrightarrows rightleftarrows Lleftarrow
Rrightarrow twoheadleftarrow twoheadrightarrow leftarrowtail rightarrowtail looparrowleft
looparrowright curvearrowleft curvearrowright circlearrowleft circlearrowright Lsh Rsh upuparrows
downdownarrows upharpoonleft upharpoonright downharpoonleft downharpoonright multimap
leftrightsquigarrow rightsquigarrow nleftarrow nrightarrow nLeftarrow nRightarrow nleftrightarrow
nLeftrightarrow restriction
""")

DOTS_AND_SPACES = _names("""
ldots cdots vdots ddots dots dotsb dotsc dotsi dotsm dotso quad qquad enspace thinspace medspace
thickspace negthinspace displaystyle textstyle scriptstyle scriptscriptstyle rm bf it sf tt cal
""")

SYMBOLS = (
    GREEK | LETTERS | OPERATORS | BIG_OPERATORS | FUNCTIONS | RELATIONS | ARROWS | DOTS_AND_SPACES
)

UNARY = _names("""
hat widehat check tilde widetilde acute grave dot ddot dddot ddddot breve bar vec
mathring overline underline overbrace underbrace overrightarrow overleftarrow overleftrightarrow
underrightarrow underleftarrow underleftrightarrow mathrm mathbf mathsf mathtt mathit mathnormal
mathcal mathbb mathfrak boldsymbol pmb mathop mathbin mathrel mathord mathopen mathclose
mathpunct mathinner operatorname operatorname* boxed phantom hphantom vphantom pmod pod sqrt bm
mathscr Bbb
""")

BINARY = _names("frac dfrac tfrac cfrac binom dbinom tbinom stackrel overset underset")

RENAMED = {
    "mathscr": "mathcal",
    "bm": "boldsymbol",
    "Bbb": "mathbb",
    "lt": "<",
    "gt": ">",
    "R": "mathbb{R}",
}

TEXT = _names("text mbox textrm textbf textit textsf texttt textup textnormal hbox")

EXTENSIBLE_ARROWS = _names("xrightarrow xleftarrow")

SIZED = _names("""
big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr biggm Biggl Biggr Biggm
""")

DELIMITER_NAMES = _names("""
langle rangle lceil rceil lfloor rfloor lbrace rbrace lbrack rbrack lgroup rgroup lmoustache
rmoustache lvert rvert lVert rVert vert Vert backslash uparrow downarrow updownarrow Uparrow
Downarrow Updownarrow ulcorner urcorner llcorner lrcorner
""")
DELIMITERS = frozenset("()[]/|.<>") | {f"\\{name}" for name in (*"{}|", *DELIMITER_NAMES)}

CONTROL_SYMBOLS = frozenset(f"\\{character}" for character in ",;:!> {}|%$&#_")

DROPPED = _names("label nonumber notag allowbreak nobreak noindent")

MATRICES = _names("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix")
ALIGNMENTS = _names("aligned gathered split")

UNICODE = {
    "×": "\\times", "÷": "\\div", "±": "\\pm", "∓": "\\mp", "·": "\\cdot", "∙": "\\cdot",
    "−": "-", "–": "-", "∗": "*", "′": "'", "…": "\\ldots", "⋯": "\\cdots", "≤": "\\leq",
    "≥": "\\geq", "≠": "\\neq", "≈": "\\approx", "≡": "\\equiv", "∼": "\\sim", "∝": "\\propto",
    "∞": "\\infty", "∂": "\\partial", "∇": "\\nabla", "∑": "\\sum", "∏": "\\prod", "∫": "\\int",
    "√": "\\surd", "∈": "\\in", "∉": "\\notin", "⊂": "\\subset", "⊆": "\\subseteq",
    "⊃": "\\supset", "∪": "\\cup", "∩": "\\cap", "∅": "\\emptyset", "∀": "\\forall",
    "∃": "\\exists", "¬": "\\neg", "∧": "\\wedge", "∨": "\\vee", "⊕": "\\oplus", "⊗": "\\otimes",
    "→": "\\rightarrow", "←": "\\leftarrow", "↔": "\\leftrightarrow", "⇒": "\\Rightarrow",
    "⇐": "\\Leftarrow", "⇔": "\\Leftrightarrow", "↦": "\\mapsto", "⟨": "\\langle",
    "⟩": "\\rangle", "ℓ": "\\ell", "ℝ": "\\mathbb{R}", "ℕ": "\\mathbb{N}", "ℤ": "\\mathbb{Z}",
    "α": "\\alpha", "β": "\\beta", "γ": "\\gamma", "δ": "\\delta", "ε": "\\varepsilon",
    "ζ": "\\zeta", "η": "\\eta", "θ": "\\theta", "ι": "\\iota", "κ": "\\kappa", "λ": "\\lambda",
    "μ": "\\mu", "µ": "\\mu", "ν": "\\nu", "ξ": "\\xi", "π": "\\pi", "ρ": "\\rho",
    "σ": "\\sigma", "τ": "\\tau", "υ": "\\upsilon", "φ": "\\varphi", "χ": "\\chi",
    "ψ": "\\psi", "ω": "\\omega", "Γ": "\\Gamma", "Δ": "\\Delta", "Θ": "\\Theta",
    "Λ": "\\Lambda", "Ξ": "\\Xi", "Π": "\\Pi", "Σ": "\\Sigma", "Φ": "\\Phi", "Ψ": "\\Psi",
    "Ω": "\\Omega", "°": "^{\\circ}", "\u00a0": "\\ ",
}  # fmt: skip
"""Characters of mathematics that stand in formulas as themselves."""

HARMFUL = _names("""
href url hyperref nolinkurl require unicode class cssId style data htmlClass htmlId htmlStyle
htmlData includegraphics input include write openin openout read catcode def edef gdef xdef let
futurelet newcommand renewcommand providecommand newenvironment renewenvironment csname
expandafter immediate special directlua usepackage documentclass loop toggle enclose action
mmlToken
""")
"""Commands that reach outside the formula where a page renders mathematics (MathJax, KaTeX)."""
