using System.Text;
using ReWorker.Publishing;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>Whatever headers a copied job has, they fit into a frame and can't crash the process.</summary>
public sealed class HeaderRoomTests
{
    private const string Dropped = "x-reworker-dropped-headers";
    private const int Room = 120 * 1024;

    private static readonly Dictionary<string, object?> None = [];

    /// <summary>A frame of 128 KiB has room for 18,000 nested tables.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Apply_HeadersNestedTooDeeply_DropsThem(bool inLists)
    {
        var flat = new Dictionary<string, object?> { ["a"] = new List<object?> { 1, Encoding.UTF8.GetBytes("x") } };
        var headers = new Dictionary<string, object?>
        {
            ["deep"] = Nested(18_000, inLists), ["flat"] = flat, ["keep"] = "kept",
        };

        HeaderRoom.Apply(headers, new Dictionary<string, object?> { ["keep"] = "kept" });

        Assert.Equal(["flat", "keep", Dropped], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("deep", headers[Dropped]);
    }

    [Theory]
    [InlineData(63, false, true)]
    [InlineData(64, false, true)]
    [InlineData(65, false, false)]
    [InlineData(63, true, true)]
    [InlineData(64, true, true)]
    [InlineData(65, true, false)]
    public void Apply_DepthAtTheLimit_KeepsSixtyFourLevels(int levels, bool inLists, bool isKept)
    {
        var headers = new Dictionary<string, object?> { ["deep"] = Nested(levels, inLists) };

        HeaderRoom.Apply(headers, None);

        Assert.Equal(isKept, headers.ContainsKey("deep"));
        Assert.Equal(!isKept, headers.ContainsKey(Dropped));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Apply_SizeAtTheLimit_KeepsWhatJustFits(int beyond, bool isKept)
    {
        var headers = new Dictionary<string, object?> { ["a"] = new byte[Room - 8 - 1 + beyond] };

        HeaderRoom.Apply(headers, None);

        Assert.Equal(isKept ? ["a"] : [Dropped], headers.Keys);
    }

    /// <summary>Each kind of value next to bytes that fill the room to the last byte, or to one more.</summary>
    [Theory]
    [InlineData("text", 5)]
    [InlineData("umlauts", 4)]
    [InlineData("number", 16)]
    [InlineData("null", 16)]
    [InlineData("bytes", 3)]
    [InlineData("table", 8 + 1 + 5 + 8 + 2 + 16)]
    [InlineData("list", 8 + 5 + 8 + 16)]
    [InlineData("nested", 8 + (8 + 5) + 8 + (8 + 2 + (8 + 3)))]
    public void Apply_ValueOfEachKind_CountsItsBytes(string kind, int bytes)
    {
        object? value = kind switch
        {
            "text" => "hello",
            "umlauts" => "äö",
            "number" => 42L,
            "null" => null,
            "bytes" => new byte[3],
            "table" => new Dictionary<string, object?> { ["x"] = "hello", ["yy"] = 1 },
            "list" => new List<object?> { "hello", 1 },
            _ => new List<object?>
            {
                new List<object?> { "hello" },
                new Dictionary<string, object?> { ["ä"] = new List<object?> { new byte[3] } },
            },
        };
        var fill = Room - (8 + "value".Length + bytes) - (8 + "fill".Length);
        var fits = new Dictionary<string, object?> { ["value"] = value, ["fill"] = new byte[fill] };
        var tooMuch = new Dictionary<string, object?> { ["value"] = value, ["fill"] = new byte[fill + 1] };

        HeaderRoom.Apply(fits, None);
        HeaderRoom.Apply(tooMuch, None);

        Assert.Equal(["fill", "value"], fits.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["value", Dropped], tooMuch.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Apply_NameWithUmlauts_CountsItsBytes()
    {
        var headers = new Dictionary<string, object?> { ["ä"] = new byte[Room - 8 - 2 + 1] };

        HeaderRoom.Apply(headers, None);

        Assert.Equal([Dropped], headers.Keys);
    }

    [Fact]
    public void Apply_TooMuch_DropsTheLargestFirstAndNoMoreThanNeeded()
    {
        var headers = new Dictionary<string, object?>
        {
            ["small"] = new byte[10], ["large"] = new byte[Room / 2], ["larger"] = new byte[(Room / 2) + 1],
            ["largest"] = new byte[Room],
        };

        HeaderRoom.Apply(headers, None);

        Assert.Equal(["large", "small", Dropped], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("largest, larger", headers[Dropped]);
    }

    [Fact]
    public void Apply_RequiredHeaders_AreKeptHoweverLarge()
    {
        var required = new Dictionary<string, object?> { ["reason"] = new byte[Room + 1] };
        var headers = new Dictionary<string, object?>(required) { ["own"] = 1 };

        HeaderRoom.Apply(headers, required);

        Assert.Equal(["reason", Dropped], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("own", headers[Dropped]);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    public void Apply_ManyDropped_ListsTenOfThem(int count)
    {
        var headers = Enumerable.Range(0, count)
            .ToDictionary(number => $"{(char)('a' + number)}", number => (object?)new byte[Room + count - number]);

        HeaderRoom.Apply(headers, None);

        Assert.Equal([Dropped], headers.Keys);
        Assert.Equal(string.Join(", ", "abcdefghij".Take(count)), headers[Dropped]);
    }

    /// <summary>Those nested too deeply are dropped first, and count nothing.</summary>
    [Fact]
    public void Apply_DeepAndLarge_ListsTheDeepFirst()
    {
        var headers = new Dictionary<string, object?>
        {
            ["large"] = new byte[Room], ["small"] = 1, ["deep"] = Nested(65, inLists: false),
        };

        HeaderRoom.Apply(headers, None);

        Assert.Equal(["small", Dropped], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("deep, large", headers[Dropped]);
    }

    private static object Nested(int levels, bool inLists)
    {
        object? deep = "bottom"u8.ToArray();
        for (var i = 0; i < levels; i++)
            deep = inLists ? new List<object?> { "text", deep } : new Dictionary<string, object?> { ["a"] = deep };
        return deep!;
    }
}
