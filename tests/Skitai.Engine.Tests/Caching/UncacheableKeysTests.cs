using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Caching;

namespace Skitai.Engine.Tests.Caching;

public sealed class UncacheableKeysTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_key_is_known_for_a_minute_at_least_and_forgotten_after_two()
    {
        var keys = new UncacheableKeys(_time);
        Assert.False(keys.Has("a"));
        keys.Add("a");
        _time.Advance(TimeSpan.FromSeconds(59));
        keys.Add("b");
        Assert.True(keys.Has("a"));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(keys.Has("b"));
        keys.Add("c");
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal((false, false, true), (keys.Has("a"), keys.Has("b"), keys.Has("c")));
        keys.Add("d");
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(keys.Has("d"));
        Assert.Equal(0, keys.Count);
    }

    [Fact]
    public void A_key_whose_answer_could_be_kept_is_taken_out()
    {
        var keys = new UncacheableKeys(_time);
        keys.Add("a");
        _time.Advance(TimeSpan.FromSeconds(61));
        keys.Add("a");
        keys.Add("b");
        keys.Remove("a");
        keys.Remove("nobody");
        Assert.Equal((false, true, 1), (keys.Has("a"), keys.Has("b"), keys.Count));
        keys.Remove("b");
        Assert.Equal((false, 0), (keys.Has("b"), keys.Count));
    }

    [Fact]
    public async Task They_are_bounded_whoever_adds_at_the_same_time()
    {
        var keys = new UncacheableKeys(_time);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(one => Task.Run(
            () =>
            {
                for (var i = 0; i < 20_000; i++)
                {
                    keys.Add($"{one} {i}");
                }
            },
            TestContext.Current.CancellationToken)));
        Assert.InRange(keys.Count, 8 * 1024, (2 * 8 * 1024) + 8);
        Assert.True(keys.Has("0 19999") || keys.Has("1 19999") || keys.Has("2 19999") || keys.Has("3 19999"));
    }
}
