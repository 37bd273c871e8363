using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>
/// Looks at answers to HEAD: they tell whether the answer that is kept for GET is still the origin's, and for how long (RFC
/// 9111 section 4.3.5).
/// </summary>
/// <param name="cache">The cache.</param>
internal sealed class HeadAnswers(SharedCache cache) : AnswerWitness
{
    private static readonly string s_status = CacheStatusField.Forwarded(ForwardReason.UriMiss);

    /// <inheritdoc/>
    public override void See(Exchange exchange, MemberAnswer answer)
    {
        if (answer.Status == 200)
        {
            var request = new CachedRequest(exchange);
            if (request.Traits == RequestTraits.OtherMethod && cache.Store.TryGet(request.Key, request, out var stored))
            {
                Update(stored, answer.Headers);
                stored.Release();
            }
        }

        PassedAnswers.AddStatus(answer.Headers, s_status);
    }

    private void Update(StoredObject stored, HeaderList fields)
    {
        var before = stored.Head;
        if (before.Status != 200)
        {
            return;
        }

        var now = cache.Now;
        var fresh = new Validators(fields.Lines, now);
        if (!Confirmation.MatchesHead(fields, fresh, stored.Length, new Validators(before.Headers, before.AnsweredAt)))
        {
            cache.Forget(before.Key);
            return;
        }

        var updated = StoredFields.Update(before.Headers, fields, keepsCookies: false);
        if (!VaryNames.AreIn(updated, before.VaryNames))
        {
            cache.Forget(before.Key); // whom it is for is another question now
            return;
        }

        var freshness = new Freshness(200, updated, now, now, guesses: false);
        if (Storability.Check(RequestTraits.None, 200, updated, freshness, keepsCookies: true) == StoreRefusal.None)
        {
            cache.Store.Freshen(stored, new StoredHead
            {
                Key = before.Key,
                VaryNames = before.VaryNames,
                Variant = before.Variant,
                Status = before.Status,
                Reason = before.Reason,
                Headers = StoredFields.Keep(updated, freshness.Control.WithheldFields),
                RequestedAt = now,
                AnsweredAt = now,
            });
        }
    }
}
