-module(relgen).
%% Generates releases for erlang_release.ts and times systools on them:
%% relgen:main(["systools", DIR, "chain" | "tree", N, REPEATS]) and relgen:main(["upgrade", DIR, PROCESSES]).
-export([main/1]).

main(["systools", Dir, Shape, NStr, RepsStr]) ->
    N = list_to_integer(NStr), Reps = list_to_integer(RepsStr),
    gen_apps(Dir, Shape, N),
    Rel = write_rel(Dir, "big", "1", [app(I) || I <- lists:seq(1, N)], "1.0.0"),
    ok = file:set_cwd(Dir),
    Path = [{path, [filename:join([Dir, "lib", "*", "ebin"])]}, silent],
    Ms = [begin garbage_collect(), {T, R} = timer:tc(fun() -> systools:make_script(Rel, Path) end), check(R), T / 1000 end
          || _ <- lists:seq(1, Reps)],
    io:format("{\"ms_~b\":[~s]}~n", [N, lists:join(",", [io_lib:format("~.3f", [X]) || X <- Ms])]),
    halt(0);
main(["upgrade", Dir, NStr]) ->
    gen_upgrade(Dir, list_to_integer(NStr)),
    halt(0).

check({ok, _, _}) -> ok;
check(X) -> io:format(standard_error, "systools: ~p~n", [X]), halt(1).

app(I) -> list_to_atom("dummy" ++ integer_to_list(I)).

%% N applications of three modules each: app, supervisor, server. chain: app I needs app I-1;
%% tree: app I needs app I div 2.
gen_apps(Dir, Shape, N) ->
    lists:foreach(fun(I) ->
        A = app(I),
        Ebin = filename:join([Dir, "lib", atom_to_list(A) ++ "-1.0.0", "ebin"]),
        filelib:ensure_dir(filename:join(Ebin, "x")),
        M = [list_to_atom(atom_to_list(A) ++ S) || S <- ["_app", "_sup", "_srv"]],
        [beam(Ebin, Mod, src(K, Mod, A)) || {K, Mod} <- lists:zip([app, sup, srv], M)],
        Dep = case Shape of
            "chain" when I > 1 -> [app(I - 1)];
            "tree" when I > 1 -> [app(I div 2)];
            _ -> []
        end,
        appfile(Ebin, A, "1.0.0", M, Dep, {hd(M), []})
    end, lists:seq(1, N)).

src(app, M, A) ->
    io_lib:format("-module(~s).\n-behaviour(application).\n-export([start/2,stop/1]).\nstart(_,_) -> ~s_sup:start_link().\nstop(_) -> ok.\n", [M, A]);
src(sup, M, A) ->
    io_lib:format("-module(~s).\n-behaviour(supervisor).\n-export([start_link/0,init/1]).\nstart_link() -> supervisor:start_link({local,?MODULE},?MODULE,[]).\ninit([]) -> {ok,{{one_for_one,3,10},[{srv,{~s_srv,start_link,[]},permanent,5000,worker,[~s_srv]}]}}.\n", [M, A, A]);
src(srv, M, _) ->
    io_lib:format("-module(~s).\n-behaviour(gen_server).\n-export([start_link/0,init/1,handle_call/3,handle_cast/2,get/0]).\nstart_link() -> gen_server:start_link({local,?MODULE},?MODULE,[],[]).\nget() -> gen_server:call(?MODULE,get).\ninit([]) -> {ok,0}.\nhandle_call(get,_,S) -> {reply,S,S}.\nhandle_cast(_,S) -> {noreply,S+1}.\n", [M]).

beam(Ebin, Mod, Src) ->
    {ok, Mod, Bin} = compile:forms(forms(lists:flatten(Src)), [debug_info, return_errors]),
    ok = file:write_file(filename:join(Ebin, atom_to_list(Mod) ++ ".beam"), Bin).
forms(Src) ->
    {ok, Toks, _} = erl_scan:string(Src),
    [begin {ok, F} = erl_parse:parse_form(T), F end || T <- split(Toks, [])].
split([], []) -> [];
split([{dot, _} = D | T], Acc) -> [lists:reverse([D | Acc]) | split(T, [])];
split([{'?', _}, {var, _, 'MODULE'} | T], Acc) -> split(T, [{atom, 1, get(mod)} | Acc]);
split([{'-', _}, {atom, _, module}, {'(', _}, {atom, _, M} = At | T], _) ->
    put(mod, M), split(T, lists:reverse([{'-', 1}, {atom, 1, module}, {'(', 1}, At]));
split([X | T], Acc) -> split(T, [X | Acc]).

appfile(Ebin, A, Vsn, Mods, Deps, Mod) ->
    T = {application, A, [{description, atom_to_list(A)}, {vsn, Vsn}, {modules, Mods}, {registered, []},
                          {applications, [kernel, stdlib | Deps]}, {env, []}] ++ [{mod, Mod} || Mod =/= none]},
    ok = file:write_file(filename:join(Ebin, atom_to_list(A) ++ ".app"), io_lib:format("~p.~n", [T])).

otp(A) -> application:load(A), {ok, V} = application:get_key(A, vsn), {A, V}.

write_rel(Dir, Name, RelVsn, Apps, Vsn) ->
    Rel = filename:join(Dir, Name ++ "-" ++ RelVsn),
    T = {release, {Name, RelVsn}, {erts, erlang:system_info(version)},
         [otp(kernel), otp(stdlib), otp(sasl)] ++ [{A, Vsn} || A <- Apps]},
    ok = file:write_file(Rel ++ ".rel", io_lib:format("~p.~n", [T])),
    Rel.

%% Two versions of an application `ctr` whose gen_servers change their state, and the driver `relbench`.
gen_upgrade(Dir, NProcs) ->
    filelib:ensure_dir(filename:join(Dir, "x")),
    Driver = filename:join([Dir, "lib", "relbench-1.0.0", "ebin"]),
    filelib:ensure_dir(filename:join(Driver, "x")),
    {ok, relbench, DB} = compile:file(filename:join(os:getenv("SRC"), "relbench.erl"), [binary]),
    ok = file:write_file(filename:join(Driver, "relbench.beam"), DB),
    appfile(Driver, relbench, "1.0.0", [relbench], [], none),
    lists:foreach(fun(V) ->
        Vsn = integer_to_list(V) ++ ".0.0",
        Ebin = filename:join([Dir, "lib", "ctr-" ++ Vsn, "ebin"]),
        filelib:ensure_dir(filename:join(Ebin, "x")),
        [beam(Ebin, M, S) || {M, S} <- ctr(V, NProcs)],
        appfile(Ebin, ctr, Vsn, [ctr_app, ctr_sup, ctr_srv], [], {ctr_app, []}),
        V =:= 2 andalso (ok = file:write_file(filename:join(Ebin, "ctr.appup"),
            io_lib:format("~p.~n", [{"2.0.0", [{"1.0.0", [{update, ctr_srv, {advanced, []}}]}],
                                              [{"1.0.0", [{update, ctr_srv, {advanced, []}}]}]}])))
    end, [1, 2]),
    ok = file:set_cwd(Dir),
    [begin
        S = integer_to_list(V),
        T = {release, {"ctrrel", S}, {erts, erlang:system_info(version)},
             [otp(kernel), otp(stdlib), otp(sasl), {relbench, "1.0.0"}, {ctr, S ++ ".0.0"}]},
        ok = file:write_file("ctrrel-" ++ S ++ ".rel", io_lib:format("~p.~n", [T]))
     end || V <- [1, 2]],
    P = [{path, [filename:join([Dir, "lib", "*", "ebin"])]}, silent],
    [check(systools:make_script("ctrrel-" ++ S, P)) || S <- ["1", "2"]],
    ok = file:write_file("sys.config", "[].\n"),
    check(systools:make_tar("ctrrel-1", [{erts, code:root_dir()} | P])),
    {ok, _, _, _} = systools:make_relup("ctrrel-2", ["ctrrel-1"], ["ctrrel-1"], P),
    check(systools:make_tar("ctrrel-2", P)).

ctr(V, N) ->
    [{ctr_app, "-module(ctr_app).\n-behaviour(application).\n-export([start/2,stop/1]).\nstart(_,_) -> ctr_sup:start_link().\nstop(_) -> ok.\n"},
     {ctr_sup, io_lib:format("-module(ctr_sup).\n-behaviour(supervisor).\n-export([start_link/0,init/1,up/0]).\n"
        "start_link() -> {ok,P} = supervisor:start_link({local,?MODULE},?MODULE,[]), up(), {ok,P}.\n"
        "up() -> [{ok,_} = supervisor:start_child(?MODULE,[I]) || I <- lists:seq(1,~b)], ok.\n"
        "init([]) -> {ok,{{simple_one_for_one,3,10},[{srv,{ctr_srv,start_link,[]},permanent,5000,worker,[ctr_srv]}]}}.\n", [N])},
     {ctr_srv, case V of
        1 -> "-module(ctr_srv).\n-vsn(1).\n-behaviour(gen_server).\n-export([start_link/1,init/1,handle_call/3,handle_cast/2,code_change/3]).\n"
             "start_link(I) -> gen_server:start_link(?MODULE,I,[]).\ninit(I) -> {ok,{s1,I}}.\n"
             "handle_call(_,_,{s1,N}=S) -> {reply,{1,N},S}.\nhandle_cast(_,S) -> {noreply,S}.\n"
             "code_change({down,_},{s2,N,_},_) -> {ok,{s1,N}};\ncode_change(_,S,_) -> {ok,S}.\n";
        2 -> "-module(ctr_srv).\n-vsn(2).\n-behaviour(gen_server).\n-export([start_link/1,init/1,handle_call/3,handle_cast/2,code_change/3]).\n"
             "start_link(I) -> gen_server:start_link(?MODULE,I,[]).\ninit(I) -> {ok,{s2,I,#{}}}.\n"
             "handle_call(_,_,{s2,N,_}=S) -> {reply,{2,N},S}.\nhandle_cast(_,S) -> {noreply,S}.\n"
             "code_change({down,_},{s2,N,_},_) -> {ok,{s1,N}};\ncode_change(_,{s1,N},_) -> {ok,{s2,N,#{}}}.\n"
      end}].
