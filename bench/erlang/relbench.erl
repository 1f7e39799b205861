-module(relbench).
%% Runs inside the release: installs version 2, goes back to 1, and measures what clients see.
-export([main/0, client/4]).

main() ->
    Reps = env("REPS", 7), N = env("NPROCS", 1),
    try
        embedded = code:get_mode(),
        {ok, "2"} = release_handler:unpack_release("ctrrel-2"),
        Ups = [step(N, V) || _ <- lists:seq(1, Reps), V <- ["2", "1"]],
        report(N, Ups)
    catch C:E:St -> io:format("{\"error\":\"~p ~p ~p\"}~n", [C, E, St]) end,
    erlang:halt(0).

env(K, D) -> case os:getenv(K) of false -> D; V -> list_to_integer(V) end.

step(N, V) ->
    Cs = [P || {_, P, _, _} <- supervisor:which_children(ctr_sup)],
    N = length(Cs),
    Self = self(),
    Other = spawn(fun echo/0),
    %% one client each on the first and the last server listed, one on a process that is not upgraded;
    %% each calls, waits PACE_MS (default 1; 0 is a busy loop), calls again
    Cl = [spawn_link(?MODULE, client, [K, Self, T, V]) || {K, T} <- [{server, hd(Cs)}, {server, lists:last(Cs)}, {other, Other}]],
    timer:sleep(60),
    [C ! reset || C <- Cl],
    timer:sleep(60),
    [C ! {mark, Self} || C <- Cl],
    Base = lists:max([receive {base, C, B} -> B end || C <- Cl]),
    %% how long a process really stood still: between its `suspend` and its `resume` message
    Traced = lists:usort([hd(Cs), lists:last(Cs)]),
    [erlang:trace(P, true, ['receive', monotonic_timestamp]) || P <- Traced],
    T0 = erlang:monotonic_time(microsecond),
    {ok, _, _} = release_handler:install_release(V),
    T1 = erlang:monotonic_time(microsecond),
    [erlang:trace(P, false, ['receive', monotonic_timestamp]) || P <- Traced],
    Still = lists:max([still(P) || P <- Traced]),
    timer:sleep(60),
    Rs = [begin C ! {stop, Self}, receive {done, C, K, M, Cnt} -> {K, M, Cnt} end end || C <- Cl],
    exit(Other, kill),
    Want = list_to_integer(V),
    [{Want, _} = gen_server:call(P, x) || P <- Cs],
    {V, {T1 - T0, lists:max([M || {server, M, _} <- Rs]), lists:max([M || {other, M, _} <- Rs]), Base, Still}}.

still(P) -> still(P, undefined, 0).
still(P, S, R) ->
    receive
        {trace_ts, P, 'receive', {system, _, suspend}, Ts} -> still(P, Ts, R);
        {trace_ts, P, 'receive', {system, _, resume}, Ts} -> still(P, S, erlang:convert_time_unit(Ts - S, native, microsecond));
        {trace_ts, P, _, _, _} -> still(P, S, R)
    after 20 -> R
    end.

echo() -> receive {'$gen_call', {P, R}, _} -> gen_server:reply({P, R}, ok), echo() end.

client(K, Home, T, V) -> process_flag(priority, normal), cl(K, Home, T, V, 0, 0).
cl(K, Home, T, V, Max, Cnt) ->
    receive
        reset -> cl(K, Home, T, V, 0, 0);
        {mark, P} -> P ! {base, self(), Max}, cl(K, Home, T, V, 0, 0);
        {stop, P} -> unlink(Home), P ! {done, self(), K, Max, Cnt}
    after 0 ->
        T0 = erlang:monotonic_time(microsecond),
        gen_server:call(T, x, infinity),
        L = erlang:monotonic_time(microsecond) - T0,
        case env("PACE_MS", 1) of 0 -> ok; Ms -> receive after Ms -> ok end end,
        cl(K, Home, T, V, max(Max, L), Cnt + 1)
    end.

report(N, Ups) ->
    Of = fun(V) -> lists:join(",", [io_lib:format("~.3f", [element(5, X) / 1000]) || {W, X} <- Ups, W =:= V]) end,
    io:format("{\"up_~b\":[~s],\"down_~b\":[~s]}~n", [N, Of("2"), N, Of("1")]).
