using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>What an error shows of a value: no secret, and not more than a line.</summary>
public sealed class SecretValueTests
{
    [Theory]
    [InlineData("password")]
    [InlineData("dbPasswd")]
    [InlineData("SECRET_1")]
    [InlineData("accessToken")]
    [InlineData("credentials")]
    [InlineData("ApiKey")]
    [InlineData("api_key")]
    public void Show_SecretName_HidesTheValue(string name)
    {
        const string hidden = "invalid (its value is secret)";

        Assert.Equal(hidden, SecretValues.Show(name, "hunter2"));
        Assert.Equal(hidden, SecretValues.Show(name, ""));
        Assert.Equal(hidden, SecretValues.Show("plain", $"{{\"{name}\":\"hunter2\"}}"));
        Assert.Equal(hidden, SecretValues.Show("plain", $"[{name}]"));
        Assert.Equal($"the {name}", SecretValues.Show("plain", $"the {name}"));
    }

    [Theory]
    [InlineData(0, "empty")]
    [InlineData(59, "")]
    [InlineData(60, "")]
    [InlineData(61, "cut")]
    public void Show_Length_IsCutAfter60Characters(int length, string how)
    {
        var value = new string('x', length);

        var expected = how switch { "" => value, "cut" => $"{new string('x', 60)}…", _ => how };
        Assert.Equal(expected, SecretValues.Show("name", value));
    }
}
