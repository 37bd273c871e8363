using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <content>Requests that the origin has to be asked for.</content>
internal sealed partial class SharedCache
{
    /// <summary>How often a request joins others' flights before it goes alone.</summary>
    private const int MostFlights = 3;

    /// <summary>Nothing is kept for the request.</summary>
    private ValueTask MissAsync(CachedRequest request, Origin origin)
    {
        var exchange = request.Exchange;
        if (request.Control.Has(CacheDirectives.OnlyIfCached))
        {
            return RefuseAsync(exchange);
        }

        if (!request.IsGet)
        {
            Interlocked.Increment(ref Counters.Mine.Misses);
            return origin.ForwardAsync(exchange, _head);
        }

        if (request.Fields.Range.Count > 0)
        {
            Interlocked.Increment(ref Counters.Mine.Misses);
            return origin.ForwardAsync(exchange, _partial);
        }

        return FetchAsync(request, origin, null, Use.WhenConfirmed);
    }

    /// <summary>What is kept needs the origin's word. Takes over the share.</summary>
    private ValueTask AskAsync(CachedRequest request, Origin origin, StoredObject stored, Use use)
    {
        if (request.IsGet && !request.Control.Has(CacheDirectives.OnlyIfCached))
        {
            return FetchAsync(request, origin, stored, use);
        }

        stored.Release();
        if (request.IsGet)
        {
            return RefuseAsync(request.Exchange);
        }

        Interlocked.Increment(ref Counters.Mine.Misses);
        return origin.ForwardAsync(request.Exchange, _head);
    }

    /// <summary>only-if-cached, and nothing that would do (RFC 9111 section 5.2.1.7).</summary>
    private static ValueTask RefuseAsync(Exchange exchange)
    {
        exchange.Response.Headers[CacheStatusField.Name] = "skitaid; detail=only-if-cached";
        return StatusPage.WriteAsync(exchange, StatusCodes.Status504GatewayTimeout);
    }

    /// <summary>Joins the flight for it, or begins one. Takes over the share.</summary>
    private ValueTask FetchAsync(CachedRequest request, Origin origin, StoredObject? stored, Use use)
    {
        var traits = request.Traits;
        if ((traits & (RequestTraits.NoStore | RequestTraits.UnkeyedField)) != RequestTraits.None)
        {
            // It may not share with anybody, either way.
            stored?.Release();
            Interlocked.Increment(ref Counters.Mine.Passed);
            return origin.ForwardAsync(request.Exchange, _bypass);
        }

        var isMarked = IsMarked(request.Key, traits);
        if (isMarked && stored is null)
        {
            Interlocked.Increment(ref Counters.Mine.Passed);
            return origin.ForwardAsync(request.Exchange, origin.Settings.CacheHeuristic ? _guessedMiss : _miss);
        }

        var varies = Store.VariesOn(request.Key);
        var reason = stored is null ? varies.Length > 0 ? ForwardReason.VaryMiss : ForwardReason.UriMiss
            : use == Use.WhenConfirmed || ReadyAnswer.Of(stored.Head, origin.Settings.CacheHeuristic).Freshness.LeftAt(Now) <= TimeSpan.Zero ? ForwardReason.Stale
            : ForwardReason.Request;
        var names = stored is not null ? stored.Head.VaryNames : varies.Length > 0 ? varies[0] : [];

        // With something kept that may be confirmed, or do in an error's place, a mark only means not to wait for each other.
        var isAlone = isMarked || use == Use.WhenConfirmedForIt || request.Control.Has(CacheDirectives.NoCache) || request.Control.MaxAge == 0;
        return FetchAsync(request, origin, stored, names, isAlone, reason);
    }

    private async ValueTask FetchAsync(CachedRequest request, Origin origin, StoredObject? stored, string[] names, bool isAlone, ForwardReason reason)
    {
        var exchange = request.Exchange;
        var began = Timestamp;
        var patience = PatienceFor(origin);
        Flight? before = null;
        for (var tries = 0; tries < MostFlights;)
        {
            if (before is not null && stored is null && Store.TryGet(request.Key, request, out var kept))
            {
                stored = kept; // still there to be confirmed, or for want of anything better
            }

            var name = isAlone ? null : NameOf(request.Key, names, request.VariantOf(names));
            if (name is not null && _flights.TryGetValue(name, out var known) && known.LedTo(exchange))
            {
                stored?.Release();
                break; // without anybody waiting for it, it goes round until it has gone too far
            }

            var flight = Board(request, origin, ref stored, name, before, out var isLeader, out var fresh);
            if (flight is null)
            {
                var head = fresh!.Head;
                await AnswerAsync(request, fresh, head, ReadyAnswer.Of(head, origin.Settings.CacheHeuristic), Now, null);
                return;
            }

            before = flight;
            try
            {
                if (isLeader)
                {
                    var own = await flight.WaitAsync(exchange.ClientGone);
                    Interlocked.Increment(ref Counters.Mine.Misses);
                    await LeadAsync(request, origin, flight, own, reason);
                    return;
                }

                if (await flight.WaitAsync(TakeOverAfter(patience) - _time.GetElapsedTime(flight.BeganAt), _time, exchange.ClientGone) is not { } landing)
                {
                    if (_time.GetElapsedTime(began) >= patience)
                    {
                        await RefuseAsync(request, origin, flight, new OriginException(StatusCodes.Status504GatewayTimeout, "no answer within response_timeout"), reason);
                        return;
                    }

                    // It is slow, or hangs: whoever comes first now begins another one, and the rest waits for that.
                    Remove(flight);
                    continue;
                }

                var followed = await FollowAsync(request, origin, flight, landing, reason);
                if (followed == Followed.Answered)
                {
                    return;
                }

                if (followed == Followed.Alone && landing.Kind == LandingKind.Passed && Store.TryGet(request.Key, request, out stored))
                {
                    isAlone = true;
                    continue;
                }

                if (followed == Followed.Alone)
                {
                    break;
                }

                tries++;
                if (tries == MostFlights && (landing.Fault ?? flight.Fault) is { } fault)
                {
                    await RefuseAsync(request, origin, flight, fault, reason);
                    return;
                }

                names = landing.Head?.VaryNames ?? names; // it may have been for another selection: now it is known by what
            }
            catch (OperationCanceledException)
            {
                if (!flight.HasLanded)
                {
                    exchange.AnsweredBy = flight.Request.AnsweredBy;
                }

                exchange.Abort();
                return;
            }
            finally
            {
                await flight.LeaveAsync(isLeader);
            }
        }

        Interlocked.Increment(ref Counters.Mine.Misses);
        await origin.ForwardAsync(exchange, _unkept);
    }

    /// <summary>
    /// The flight of that name, joined; a new one if there is none. A share in a kept answer goes to a new one, or back. Null =
    /// a flight has just ended, and the cache has what it brought. After another one, that was waited for in vain: the one in its
    /// place.
    /// </summary>
    private Flight? Board(
        CachedRequest request, Origin origin, ref StoredObject? stored, string? name, Flight? before, out bool isLeader, out StoredObject? fresh)
    {
        (isLeader, fresh) = (false, null);
        Flight? own = null;
        if (before?.Next is { } next && next.Name == name && next.TryJoin())
        {
            // Also when it has failed by now: not all who waited for the one before are to find that out by themselves.
            stored?.Release();
            stored = null;
            return next;
        }

        while (true)
        {
            if (name is not null && _flights.TryGetValue(name, out var other))
            {
                if (other.TryJoin())
                {
                    own?.Discard();
                    stored?.Release();
                    stored = null;
                    return other;
                }

                Remove(other);
                continue;
            }

            if (own is null)
            {
                if (name is not null && TryGetFresh(request, origin, out fresh))
                {
                    stored?.Release();
                    stored = null;
                    return null;
                }

                own = new Flight(this, origin, request, stored, name);
                stored = null;
            }

            if (name is null || _flights.TryAdd(name, own))
            {
                isLeader = true;
                if (name is not null && before?.Name == name)
                {
                    before.PutInPlace(own);
                }

                _ = RunAsync(own, origin);
                return own;
            }
        }
    }

    private bool TryGetFresh(CachedRequest request, Origin origin, [NotNullWhen(true)] out StoredObject? fresh)
    {
        if (!Store.TryGet(request.Key, request, out fresh))
        {
            return false;
        }

        if (Reuse.Decide(ReadyAnswer.Of(fresh.Head, origin.Settings.CacheHeuristic).Freshness, Now, request.Control) == Use.AsIs)
        {
            return true;
        }

        fresh.Release();
        fresh = null;
        return false;
    }

    /// <summary>The answer to the request that the flight was begun for.</summary>
    private async ValueTask LeadAsync(CachedRequest request, Origin origin, Flight flight, Landing landing, ForwardReason reason)
    {
        var exchange = request.Exchange;
        var status = landing.OriginStatus;
        if (landing.Kind != LandingKind.StaleOnError)
        {
            exchange.AnsweredBy = flight.Request.AnsweredBy;
        }

        switch (landing.Kind)
        {
            case LandingKind.Filling:
                var left = ReadyAnswer.Seconds(landing.Ready!.Freshness.LeftAt(Now));
                using (var reader = flight.TakeReader())
                {
                    await FillAnswer.WriteAsync(_sender, request, flight, landing, reader!, Now, CacheStatusField.Forwarded(reason, ttl: left, isStored: true));
                }

                break;
            case LandingKind.Confirmed or LandingKind.StaleOnError:
                await AnswerAsync(request, landing, reason, isCollapsed: false);
                break;
            case LandingKind.Passed:
                await using (var answer = flight.TakePassed()!)
                {
                    PassedAnswers.AddStatus(answer.Headers, CacheStatusField.Forwarded(reason));
                    await PassAsync(origin, exchange, flight.Request, answer);
                }

                break;
            default:
                exchange.Response.Headers[CacheStatusField.Name] = CacheStatusField.Forwarded(reason, status);
                await origin.RefuseAsync(exchange, landing.Fault!);
                break;
        }
    }

    private async ValueTask PassAsync(Origin origin, Exchange exchange, OriginRequest sent, MemberAnswer answer)
    {
        try
        {
            await origin.WriteAsync(exchange, sent, answer);
        }
        catch (MemberException fault)
        {
            TellBroken(origin.Settings.Name, fault.Message, exchange.Request.RawTarget);
            exchange.Abort(); // a proper end would be a lie
        }
    }

    /// <summary>Answers with what is kept, after the origin was asked.</summary>
    private ValueTask AnswerAsync(CachedRequest request, Landing landing, ForwardReason reason, bool isCollapsed)
    {
        var (stored, head, ready, now) = (landing.Stored!, landing.Head!, landing.Ready!, Now);
        if (!stored.TryAcquire())
        {
            throw new InvalidOperationException("A flight has lost what it was to confirm.");
        }

        var left = ReadyAnswer.Seconds(ready.Freshness.LeftAt(now));
        if (landing.Kind == LandingKind.StaleOnError)
        {
            // No hit: the origin was asked (RFC 9211 section 2.1).
            Interlocked.Increment(ref Counters.Mine.Stale);
            return WriteAsync(request, stored, head, ready, now, CacheStatusField.Forwarded(reason, landing.OriginStatus, left, isCollapsed: isCollapsed, detail: "stale-if-error"));
        }

        var status = CacheStatusField.Forwarded(reason, landing.OriginStatus, left, isStored: !landing.IsForLeaderOnly && !isCollapsed, isCollapsed);
        return WriteAsync(request, stored, head, ready, now, status, isCollapsed ? null : landing.OwnFields);
    }
}
