using System.Globalization;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <content>An answer on its way into the store.</content>
internal sealed partial class Flight
{
    private bool _isHandedOver;

    /// <summary>Puts the answer into the store, if it may be kept and there is room.</summary>
    /// <returns>False when it is not kept, and nobody has had anything of it.</returns>
    private async ValueTask<bool> TryKeepAsync(MemberAnswer answer, DateTimeOffset requestedAt, DateTimeOffset answeredAt)
    {
        var settings = _origin.Settings;
        AddDate(answer.Headers, answeredAt);
        var freshness = new Freshness(answer.Status, answer.Headers, requestedAt, answeredAt, settings.CacheHeuristic);
        var refusal = Storability.Check(_traits, answer.Status, answer.Headers, freshness, settings.CacheCookies);
        if (refusal != StoreRefusal.None)
        {
            if (!IsOfRequest(refusal))
            {
                _cache.Uncacheable.Add(SharedCache.MarkOf(Key, _traits));
            }

            return false;
        }

        if (!VaryNames.TryParse(answer.Headers.FindAll("Vary"), out var names))
        {
            return false;
        }

        var head = new StoredHead
        {
            Key = Key,
            VaryNames = names,
            Variant = names.Length == 0 ? "" : VariantText.Make(names, Request.Message.Headers),
            Status = answer.Status,
            Reason = answer.Reason,
            Headers = StoredFields.Keep(answer.Headers, freshness.Control.WithheldFields),
            RequestedAt = requestedAt,
            AnsweredAt = answeredAt,
        };
        using var writer = _cache.Store.Begin(head, answer.BodyLength);
        if (writer is null)
        {
            _cache.Oversized.Add(SharedCache.MarkOf(Key, _traits));
            return false;
        }

        _cache.Uncacheable.Remove(SharedCache.MarkOf(Key, _traits));

        // Asked only now: what became obsolete before the store knew of this answer, it could not refuse by itself.
        if (IsObsolete)
        {
            return false;
        }

        var landing = new Landing(LandingKind.Filling)
        {
            Head = head,
            Ready = ReadyAnswer.Of(head, settings.CacheHeuristic),
            Filling = writer.Filling,
            OriginStatus = answer.Status,
            OwnFields = StoredFields.Own(answer.Headers, freshness.Control.WithheldFields),
        };
        lock (_changing)
        {
            _leaderReader = _leader is null ? null : writer.Filling.TryOpenReader();
        }

        await FillAsync(answer, writer, landing);
        return true;
    }

    private async ValueTask FillAsync(MemberAnswer answer, ObjectWriter writer, Landing landing)
    {
        long length = 0;
        while (true)
        {
            if (!answer.TryRead(out var bytes))
            {
                // What is here at once is in the store before anybody is told: a small answer then goes out in one piece.
                Land(landing);
                bytes = await answer.ReadAsync(_givenUp.Token);
            }

            if (bytes.IsEmpty)
            {
                break;
            }

            length += bytes.Length;
            if (!await writer.AppendAsync(bytes))
            {
                _cache.Oversized.Add(SharedCache.MarkOf(Key, _traits));
                Land(landing);
                HandOver(answer, bytes);
                return;
            }
        }

        if (answer.MayBeCut)
        {
            writer.CompleteUnkept();
        }
        else if (await writer.CommitAsync())
        {
            Interlocked.Increment(ref _cache.Counters.Mine.Stored);
        }

        CompleteLength = length;
        Land(landing);
    }

    /// <summary>Too large after all: the leader goes on reading from the member, at its own pace.</summary>
    private void HandOver(MemberAnswer answer, ReadOnlyMemory<byte> bytes)
    {
        lock (_changing)
        {
            if (_leader is null)
            {
                return;
            }

            _isHandedOver = true;
            _rest = new RestOfAnswer(answer, bytes);
        }

        _givenUpByStore.TrySetResult();
    }

    /// <summary>RFC 9110 section 6.6.1.</summary>
    private static void AddDate(HeaderList fields, DateTimeOffset answeredAt)
    {
        if (fields.Find("Date") is null)
        {
            fields.Add("Date", answeredAt.ToString("R", CultureInfo.InvariantCulture));
        }
    }
}
